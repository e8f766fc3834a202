import Foundation
import Testing

@testable import swiftlet

@Suite("swiftlet train --task sentence-similarity")
struct SimilarityProcessTests {
    /// A folder with a small model that has a vocabulary.
    private final class Place {
        let url = FileManager.default.temporaryDirectory.appending(path: "swiftlet-pairs-\(UUID().uuidString)")
        var base: String { url.appending(path: "base").path }
        var output: String { url.appending(path: "out").path }

        init(_ model: String) throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            let fixtures = Program.root.appending(path: "Tests/Fixtures")
            try FileManager.default.copyItem(at: fixtures.appending(path: "models/\(model)"), to: URL(filePath: base))
            let pieces = try String(contentsOf: fixtures.appending(path: "tasks/vocab.txt"), encoding: .utf8)
            try write(pieces.split(separator: "\n").prefix(120).joined(separator: "\n"), as: "base/vocab.txt")
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func write(_ text: String, as name: String) throws {
            let file = url.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data((text + "\n").utf8).write(to: file)
        }

        func train(_ data: String, _ options: String...) async throws -> Program.Result {
            let path = url.appending(path: data).path
            return try await Program.run(
                [
                    "train", "--task", "sentence-similarity", "--model", base, "--data", path, "--output", output,
                ] + options
            )
        }

        func json(_ name: String) throws -> Any {
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(output)/\(name)")))
        }

        /// The cosines of the texts' vectors with the first one's.
        func cosines(_ texts: String...) async throws -> [Double] {
            let result = try await Program.run(["embed", "--model", output] + texts)
            #expect(result.status == 0, "\(result.errors)")
            let vectors = try result.objects().map { $0["embedding"] as? [Double] ?? [] }
            for vector in vectors { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4) }
            return vectors.map { vector in zip(vector, vectors[0]).reduce(0) { $0 + $1.0 * $1.1 } }
        }
    }

    private static let letters = ["a b", "c d", "e f", "g h", "i k", "l m", "n o", "p q"]

    @Test(
        "brings an anchor near to its positive, in a folder of sentence-transformers",
        arguments: ["bert", "distilbert", "mobilebert"]
    )
    func pairs(model: String) async throws {
        let place = try Place(model)
        // An anchor's positive is its letters in capitals between others.
        let lines = Self.letters.enumerated().map { number, text in
            let negative = number % 2 == 0 ? "x x" : ""
            return "{\"anchor\": \"\(text)\", \"positive\": \"z \(text) y\", \"negative\": \"\(negative)\"}"
        }
        try place.write((lines + lines).joined(separator: "\n"), as: "pairs.jsonl")
        let result = try await place.train(
            "pairs.jsonl",
            "--epochs",
            "10",
            "--learning-rate",
            "2e-3",
            "--batch-size",
            "8",
            "--held-out",
            "0.25",
            "--max-length",
            "9"
        )
        #expect(result.status == 0, "\(result.errors)")
        let report = try #require(try result.objects().first)
        #expect(report["task"] as? String == "sentence-similarity")
        #expect(try #require(report["eval_cosine_mrr@10"] as? Double) > 0.9)
        let cosines = try await place.cosines("c d", "z c d y", "z g h y", "z l m y")
        #expect(cosines[1] > cosines[2] && cosines[1] > cosines[3], "\(cosines)")

        let modules = try #require(try place.json("modules.json") as? [[String: Any]])
        #expect(modules.compactMap { $0["path"] as? String } == ["", "1_Pooling", "2_Normalize"])
        let pooling = try #require(try place.json("1_Pooling/config.json") as? [String: Any])
        #expect(pooling["pooling_mode_mean_tokens"] as? Bool == true)
        let settings = try #require(try place.json("sentence_bert_config.json") as? [String: Any])
        #expect(settings["max_seq_length"] as? Int == 9)
        let configuration = try #require(try place.json("config.json") as? [String: Any])
        let name = (configuration["architectures"] as? [String])?.first
        #expect(name?.hasSuffix("Model") == true && configuration["id2label"] == nil, "\(name ?? "")")
        let card = try String(contentsOfFile: "\(place.output)/README.md", encoding: .utf8)
        #expect(card.contains("library_name: sentence-transformers\npipeline_tag: sentence-similarity"))
        let files = try FileManager.default.contentsOfDirectory(atPath: place.output)
        #expect(!files.contains { $0.hasPrefix(".") }, "\(files)")
    }

    @Test("learns scores, keeps the folder's pooling, and goes on to the bits of a run without an interruption")
    func scores() async throws {
        let place = try Place("bert")
        let rows = Self.letters.flatMap { text in ["\(text),\(text) y,5", "\(text),x y z,0.5", "\(text),\(text) x y,3"]
        }
        try place.write((["sentence1,sentence2,score"] + rows).joined(separator: "\n"), as: "scores.csv")
        let modules = [("Transformer", ""), ("Pooling", "1_Pooling")].map { type, path in
            "{\"type\": \"sentence_transformers.models.\(type)\", \"path\": \"\(path)\"}"
        }
        try place.write("[\(modules.joined(separator: ", "))]", as: "base/modules.json")
        try place.write(
            "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}",
            as: "base/1_Pooling/config.json"
        )
        let result = try await place.train(
            "scores.csv",
            "--max-steps",
            "6",
            "--save-strategy",
            "steps",
            "--save-steps",
            "3"
        )
        #expect(result.status == 0, "\(result.errors)")
        let report = try #require(try result.objects().first)
        #expect(report["eval_spearman_cosine"] is Double && report["eval_pearson_cosine"] is Double, "\(report)")
        let pooling = try #require(try place.json("1_Pooling/config.json") as? [String: Any])
        #expect(pooling["pooling_mode_cls_token"] as? Bool == true)
        #expect((try place.json("modules.json") as? [Any])?.count == 2)
        let state = try #require(try place.json("trainer_state.json") as? [String: Any])
        #expect(state["best_metric"] is Double)

        let page = try String(contentsOf: URL(filePath: "\(place.output)/report.html"), encoding: .utf8)
        for part in ["Scores and cosines", "Hardest validation examples", "ranks between"] {
            #expect(page.contains(part), "\(part)")
        }

        let weights = { try Data(contentsOf: URL(filePath: "\(place.output)/checkpoint-6/model.safetensors")) }
        let whole = try weights()
        try FileManager.default.removeItem(atPath: "\(place.output)/checkpoint-6")
        let rest = try await place.train(
            "scores.csv",
            "--max-steps",
            "6",
            "--save-strategy",
            "steps",
            "--save-steps",
            "3",
            "--resume"
        )
        #expect(rest.status == 0, "\(rest.errors)")
        #expect(try weights() == whole)
    }

    @Test("names file and line of what it cannot use")
    func errors() async throws {
        let place = try Place("bert")
        let cases: [(data: String, options: [String], status: Int32, message: String)] = [
            ("sentence1,sentence2,score\na,b,1\nc,d,much", [], 65, "line 3 of"),
            ("sentence1,sentence2,score\na,b,nan", [], 65, "expected a number"),
            ("anchor,positive\na,b\n , d", [], 65, "\"anchor\" is empty"),
            ("one,two\na,b", [], 65, "columns one, two; expected anchor, positive; or sentence1, sentence2, score"),
            ("anchor,positive", [], 65, "there are no pairs"),
            ("anchor,positive\na,b", ["--negative-column", "none"], 65, "no column \"none\""),
            ("anchor,positive\na,b", ["--score-column", "s", "--anchor-column", "a"], 64, "for pairs with scores"),
            ("anchor,positive\na,b", ["--text-column", "anchor"], 64, "--text-column"),
            ("anchor,positive\na,b", ["--train", "head"], 64, "try last:1"),
            ("anchor,positive\na,b", ["--batch-size", "1"], 64, "at least 2"),
            ("anchor,positive\na,b", ["--scale", "0"], 64, "--scale must be more than 0"),
            ("anchor,positive\na,b", ["--metric-for-best-model", "accuracy"], 64, "expected one of"),
        ]
        for (data, options, status, message) in cases {
            try place.write(data, as: "data.csv")
            let path = place.url.appending(path: "data.csv").path
            let result = try await Program.run(
                [
                    "train", "--task", "sentence-similarity", "--model", place.base, "--data", path, "--output",
                    place.output,
                ] + options
            )
            #expect(result.status == status && result.errors.contains(message), "\(data): \(result.errors)")
        }
        try place.write(
            "[{\"type\": \"a.Transformer\"}, {\"type\": \"a.Pooling\"}, {\"type\": \"a.Dense\"}]",
            as: "base/modules.json"
        )
        try place.write("anchor,positive\na,b\nc,d", as: "data.csv")
        let dense = try await place.train("data.csv")
        #expect(dense.status == 65 || dense.errors.contains("Dense"), "\(dense.errors)")
    }
}
