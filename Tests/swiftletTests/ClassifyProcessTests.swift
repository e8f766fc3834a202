import Foundation
import Testing

@Suite("swiftlet classify")
struct ClassifyProcessTests {
    static let texts = ["a gorgeous, witty, seductive movie", "a dull, lifeless mess"]

    @Test("arguments, standard input and a file give the same lines of JSON, and the sentiment makes sense")
    func sources() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString).txt")
        let lines = Self.texts.joined(separator: "\r\n") + "\n"
        try Data(lines.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let runs = [
            try await Program.run(["classify"] + Self.texts),
            try await Program.run(["classify"], input: lines),
            try await Program.run(["classify", "--input", "-"], input: lines),
            try await Program.run(["classify", "--input", file.path]),
        ]
        for run in runs {
            #expect(run.status == 0)
            #expect(run.errors == "")
            #expect(run.output == runs[0].output)
        }
        let objects = try runs[0].objects()
        #expect(objects.map { $0["index"] as? Int } == [0, 1])
        #expect(objects.map { $0["text"] as? String } == Self.texts)
        #expect(objects.map { Self.labels($0).first?["label"] as? String } == ["POSITIVE", "NEGATIVE"])
        for labels in objects.map(Self.labels) {
            let scores = labels.compactMap { $0["score"] as? Double }
            #expect(scores == scores.sorted(by: >))
            #expect(abs(scores.reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test("options reach the model")
    func options() async throws {
        let raw = try await Program.run(["classify", "--top-k", "1", "--raw-scores", "--format", "json", "fine"])
        let label = try #require(try raw.objects().first.map(Self.labels)?.first)
        #expect(label["score"] as? Double == label["logit"] as? Double)
        let pair = try await Program.run(["classify", "--top-k", "1", "--pair", "not at all", "fine"])
        #expect(try pair.objects().first.map(Self.labels)?.count == 1)
        #expect(pair.output != raw.output)
    }

    @Test("text for people has each text, its labels and a bar")
    func humanText() async throws {
        let run = try await Program.run(["classify", "--format", "text", "fine\u{1B}[31m"])
        #expect(run.status == 0)
        #expect(run.output.hasPrefix("fine [31m\n"))
        #expect(run.output.contains("POSITIVE") && run.output.contains("logit") && run.output.contains("█"))
    }

    @Test("empty lines are skipped and counted, the order is kept")
    func manyLines() async throws {
        let lines = (0..<300).map { $0.isMultiple(of: 3) ? "" : "text number \($0)" }
        let run = try await Program.run(["classify", "--top-k", "1"], input: lines.joined(separator: "\n"))
        #expect(run.status == 0)
        let objects = try run.objects()
        #expect(objects.compactMap { $0["index"] as? Int } == (0..<300).filter { !$0.isMultiple(of: 3) })
        #expect(objects.allSatisfy { $0["text"] as? String == lines[$0["index"] as? Int ?? 0] })
    }

    @Test("no texts are no results")
    func nothing() async throws {
        let run = try await Program.run(["classify"])
        #expect(run.status == 0)
        #expect(run.output == "" && run.errors == "")
    }

    static func labels(_ object: [String: Any]) -> [[String: Any]] {
        object["labels"] as? [[String: Any]] ?? []
    }
}
