import Foundation
import Testing

@Suite("Commands of heads: fill-mask, next-sentence, choose and zero-shot")
struct TaskProcessTests {
    /// Calls `body` with a folder of one of the fixtures' models and their vocabulary.
    private func withModel(_ name: String, _ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let fixtures = Program.root.appending(path: "Tests/Fixtures")
        let files = ["models/\(name)/config.json", "models/\(name)/model.safetensors", "tasks/vocab.txt"]
        for file in files.map({ fixtures.appending(path: $0) }) {
            try FileManager.default.copyItem(at: file, to: folder.appending(path: file.lastPathComponent))
        }
        try await body(folder.path)
    }

    @Test("fill-mask gives a list of candidates for each mask, and in a terminal's form a line for each")
    func fillMask() async throws {
        try await withModel("mobilebert-mlm") { model in
            let text = "the [MASK] of the [MASK]"
            let run = try await Program.run(["fill-mask", "--model", model, "--top-k", "2", text])
            #expect(run.status == 0, "\(run.errors)")
            let masks = try #require(try run.objects().first?["masks"] as? [[[String: Any]]])
            #expect(masks.map(\.count) == [2, 2])
            #expect((masks[0][0]["sequence"] as? String)?.contains("[MASK]") == true)
            let lines = try await Program.run(
                ["fill-mask", "--model", model, "--format", "text", "--target", "war", "--target", "end", "a [MASK]"]
            )
            #expect(lines.output.split(separator: "\n").count == 3 && lines.output.contains("war"))
            let none = try await Program.run(["fill-mask", "--model", model, "no mask"])
            #expect(none.status == 65 && none.errors.contains("text 1") && none.errors.contains("[MASK]"))
        }
    }

    @Test("next-sentence takes pairs by --pair or with a tab between, and refuses a text that is no pair")
    func nextSentence() async throws {
        try await withModel("mobilebert-nsp") { model in
            let option = try await Program.run(["next-sentence", "--model", model, "--pair", "it was", "the war"])
            let tab = try await Program.run(["next-sentence", "--model", model], input: "the war\tit was\n")
            #expect(option.status == 0 && option.output == tab.output, "\(option.errors)")
            let answer = try #require(try tab.objects().first)
            let shares = [answer["is_next"], answer["not_next"]].compactMap { $0 as? Double }
            #expect(shares.count == 2 && abs(shares.reduce(0, +) - 1) < 1e-5)
            let single = try await Program.run(["next-sentence", "--model", model, "the war"])
            #expect(single.status == 65 && single.errors.contains("--pair"))
        }
    }

    @Test("choose gives each choice's probability")
    func choose() async throws {
        try await withModel("mobilebert-choice") { model in
            let arguments = ["choose", "--model", model, "--choice", "one", "--choice", "two", "the war"]
            let run = try await Program.run(arguments)
            let answer = try #require(try run.objects().first?["answer"] as? [String: Any], "\(run.errors)")
            let index = try #require(answer["index"] as? Int)
            #expect(answer["choice"] as? String == ["one", "two"][index])
            #expect((answer["probabilities"] as? [Double])?.count == 2)
            #expect(try await Program.run(["choose", "--model", model, "--choice", "one", "a"]).status == 64)
        }
    }

    @Test("zero-shot sorts the labels; a template without a place, and a model without the head, are refused")
    func zeroShot() async throws {
        let run = try await Program.run(["zero-shot", "--labels", "good, bad,ugly", "a fine film"])
        let labels = try #require(try run.objects().first?["labels"] as? [[String: Any]], "\(run.errors)")
        let scores = labels.compactMap { $0["score"] as? Double }
        #expect(scores == scores.sorted(by: >) && abs(scores.reduce(0, +) - 1) < 1e-5)
        #expect(Set(labels.compactMap { $0["label"] as? String }) == ["good", "bad", "ugly"])
        let template = try await Program.run(["zero-shot", "--labels", "good", "--template", "none", "a"])
        #expect(template.status == 64 && template.errors.contains("{}"))
        let head = try await Program.run(["fill-mask", "a [MASK]"])
        #expect(head.status == 65 && head.errors.contains("masked language modelling"))
    }
}
