import Foundation
import Testing

@Suite("swiftlet question-answering and token-classify")
struct SpanCommandsProcessTests {
    /// Runs a command on a fixture model that has the tasks' vocabulary.
    private func run(_ command: String, model: String, _ arguments: [String]) async throws -> Program.Result {
        let fixtures = Program.root.appending(path: "Tests/Fixtures")
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["models/\(model)/config.json", "models/\(model)/model.safetensors", "tasks/vocab.txt"] {
            let file = fixtures.appending(path: name)
            try FileManager.default.copyItem(at: file, to: folder.appending(path: file.lastPathComponent))
        }
        return try await Program.run([command, "--model", folder.path] + arguments)
    }

    @Test("each context has its answers, with places in the context, and a wrong option is wrong usage")
    func questionAnswering() async throws {
        let contexts = ["The café won 😀 again.", "the river"]
        let found = try await run(
            "question-answering",
            model: "mobilebert-qa",
            ["--question", "Who won?", "--top-k", "2", "--no-answer"] + contexts
        )
        #expect(found.status == 0 && found.errors == "")
        let objects = try found.objects()
        #expect(objects.map { $0["index"] as? Int } == [0, 1])
        for (object, context) in zip(objects, contexts) {
            let answers = try #require(object["answers"] as? [[String: Any]])
            #expect(answers.count == 2)
            for answer in answers {
                let (start, end) = (answer["start"] as? Int ?? -1, answer["end"] as? Int ?? -1)
                let part = String.UnicodeScalarView(Array(context.unicodeScalars)[start..<end])
                #expect(String(part) == answer["answer"] as? String)
            }
        }
        let shown = try await run(
            "question-answering",
            model: "mobilebert-qa",
            ["--question", "Who?", "--format", "text", "the river"]
        )
        #expect(shown.output.hasPrefix("the river\n  ") && shown.output.contains("–"))
        let wrong = try await run(
            "question-answering",
            model: "mobilebert-qa",
            ["--question", "a", "--doc-stride", "99", String(repeating: "b ", count: 99)]
        )
        #expect(wrong.status == 64 && wrong.errors.contains("doc_stride"))
    }

    @Test("each text has its entities, by the strategy that is asked for; a model without the head is said to be so")
    func tokenClassify() async throws {
        let tokens = try await run(
            "token-classify",
            model: "mobilebert-tokens",
            ["--ignore-label", "none", "the café"]
        )
        #expect(tokens.status == 0)
        let entities = try #require(tokens.objects().first?["entities"] as? [[String: Any]])
        #expect(entities.first?["word"] as? String == "the" && entities.first?["index"] as? Int == 1)
        let words = try await run(
            "token-classify",
            model: "mobilebert-tokens",
            ["--aggregation", "first", "--stride", "4", "--format", "text", "the café"]
        )
        #expect(words.status == 0 && words.output.hasPrefix("the café\n"))
        let wrong = try await run("token-classify", model: "mobilebert-tokens", ["--stride", "4", "a"])
        #expect(wrong.status == 64 && wrong.errors.contains("--aggregation"))
        let missing = try await run("token-classify", model: "mobilebert-qa", ["a"])
        #expect(missing.status == 65 && missing.errors.contains("question answering"))
    }
}
