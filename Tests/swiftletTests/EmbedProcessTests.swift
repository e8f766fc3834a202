import Foundation
import TestSupport
import Testing

@Suite("swiftlet embed, tokenize and info")
struct EmbedProcessTests {
    @Test("vectors have length 1, the model's size, and are the same alone and in company")
    func embeddings() async throws {
        let alone = try await Program.run(["embed", "good morning"])
        let company = try await Program.run(["embed", "a much longer text of quite a few words", "good morning"])
        let first = try #require(try alone.objects().first?["embedding"] as? [Double])
        let second = try #require(try company.objects().last?["embedding"] as? [Double])
        #expect(abs(first.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        #expect(first.count == second.count)
        for (a, b) in zip(first, second) { #expect(abs(a - b) < 1e-5) }
    }

    @Test("options reach the model")
    func options() async throws {
        let run = try await Program.run([
            "embed", "--no-normalize", "--dimensions", "3", "--pooling", "cls", "good morning",
        ])
        let vector = try #require(try run.objects().first?["embedding"] as? [Double])
        #expect(vector.count == 3)
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) > 1e-3)
        let text = try await Program.run(["embed", "--format", "text", "good morning"])
        #expect(text.output.contains("dimensions, norm 1.0000"))
    }

    @Test("tokens have ids, pieces and places, counted in the unit that is asked for")
    func tokens() async throws {
        let run = try await Program.run(["tokenize", "--offsets", "utf16", "--pair", "b", "\u{1F600} a"])
        let object = try #require(try run.objects().first)
        let tokens = try #require(object["tokens"] as? [[String: Any]])
        #expect(tokens.compactMap { $0["token"] as? String } == ["[CLS]", "[UNK]", "a", "[SEP]", "b", "[SEP]"])
        #expect(tokens.compactMap { $0["text"] as? String } == ["[CLS]", "\u{1F600}", "a", "[SEP]", "b", "[SEP]"])
        #expect(tokens.compactMap { $0["type_id"] as? Int } == [0, 0, 0, 0, 1, 1])
        #expect(tokens.map { $0["start"] as? Int } == [nil, 0, 3, nil, 0, nil])
        #expect(tokens.map { $0["special"] as? Bool } == [true, false, false, true, false, true])
    }

    @Test("a text is cut to --max-length, at the end that is asked for")
    func truncation() async throws {
        let arguments = ["tokenize", "--max-length", "3", "--no-special-tokens", "--format", "text", "a b c d"]
        let right = try await Program.run(arguments)
        let left = try await Program.run(arguments + ["--truncation-direction", "left"])
        let pieces = { (run: Program.Result) in
            run.output.split(separator: "\n").dropFirst(2).map { String($0.split(separator: " ")[1]) }
        }
        #expect(pieces(right) == ["a", "b", "c"])
        #expect(pieces(left) == ["b", "c", "d"])
    }

    @Test("info gives one object, or its members in columns")
    func info() async throws {
        let json = try await Program.run(["info"])
        #expect(try json.objects().first?["model_id"] as? String == "mobilebert-mini")
        let text = try await Program.run(["info", "--format", "text"])
        #expect(text.output.contains("model_type.classifier.id2label.0"))
    }

    @Test("what a folder holds without effect is named in one line on standard error, by every command")
    func warnings() async throws {
        let files = [
            "vocab.txt": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good"].joined(separator: "\n"),
            "tokenizer_config.json": #"{"never_split": ["good"], "do_basic_tokenize": false}"#,
        ]
        try await ModelFolder.with(modelOf: ModelFolder.withoutVocabulary, files) { folder in
            for arguments in [["info"], ["embed", "good"], ["tokenize", "good"]] {
                let run = try await Program.run(arguments + ["--model", folder])
                #expect(run.status == 0 && !run.output.contains("never_split"), "\(arguments)")
                let lines = run.errors.split(separator: "\n")
                #expect(lines.count == 1, "\(arguments): \(run.errors)")
                #expect(lines.first?.hasPrefix("warning: ") == true, "\(run.errors)")
                #expect(lines.first?.contains("do_basic_tokenize, never_split: ignored") == true, "\(run.errors)")
            }
        }
    }
}
