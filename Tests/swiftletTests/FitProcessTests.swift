import Encoder
import Foundation
import Service
import Testing

@Suite("swiftlet fit")
struct FitProcessTests {
    private static func data(_ folder: URL) throws -> String {
        let texts = [
            ("good", "a truly wonderful, moving film"), ("bad", "a dull and tedious mess"), ("good", "great fun"),
        ]
        let rows = (0..<24).map { index in
            let (label, text) = texts[index % 3]
            return "\(label),\"\(text) \(index)\"\n"
        }
        let path = folder.appending(path: "data.csv").path
        try Data(("mood,review\n" + rows.joined()).utf8).write(to: URL(filePath: path))
        return path
    }

    @Test(
        "a fitted folder loads, and gives its own labels for texts",
        arguments: ["mobilebert-sentiment", "bert", "bert-no-pooler", "distilbert"]
    )
    func fitting(model: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-fit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = folder.appending(path: "base")
        let fixtures = Program.root.appending(path: "Tests/Fixtures")
        try FileManager.default.copyItem(at: fixtures.appending(path: "models/\(model)"), to: base)
        if !FileManager.default.fileExists(atPath: base.appending(path: "vocab.txt").path) {
            // As many pieces as the smallest of the models has embeddings for; the other words are unknown to it.
            let pieces = try String(contentsOf: fixtures.appending(path: "tasks/vocab.txt"), encoding: .utf8)
            let known = pieces.split(separator: "\n").prefix(120).joined(separator: "\n")
            try Data((known + "\n").utf8).write(to: base.appending(path: "vocab.txt"))
        }
        let output = folder.appending(path: "fitted").path
        let arguments =
            [
                "fit", "--model", base.path, "--data", try Self.data(folder), "--text-column", "review",
                "--label-column",
                "mood", "--output", output,
            ] + (model == "bert" ? ["--folds", "2"] : ["--c", "1"])
        let run = try await Program.run(arguments)
        #expect(run.status == 0, "\(run.errors)")
        let report = try #require(try run.objects().first)
        #expect(report["labels"] as? [String] == ["bad", "good"])
        #expect(report["held_out_texts"] as? Int == 5)
        let loaded = try LoadedModel(directory: output)
        #expect(loaded.encoder.configuration.labels == ["bad", "good"])
        let classified = try await Program.run(["classify", "--model", output, "a dull and tedious mess 1"])
        #expect(classified.status == 0, "\(classified.errors)")
        let again = try await Program.run(arguments)
        #expect(again.status == 64 && again.errors.contains("--force"))
        let before = try Data(contentsOf: URL(filePath: output + "/model.safetensors"))
        let forced = try await Program.run(arguments + ["--force"])
        #expect(forced.status == 0, "\(forced.errors)")
        let after = try Data(contentsOf: URL(filePath: output + "/model.safetensors"))
        #expect(after == before)
    }

    @Test("data that cannot be learnt from is an error that says what there is")
    func errors() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-fit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "fitted").path
        let data = try Self.data(folder)
        let column = try await Program.run(["fit", "--data", data, "--output", output])
        #expect(column.status == 65 && column.errors.contains("there are \"mood\", \"review\""), "\(column.errors)")
        let single = folder.appending(path: "single.tsv")
        try Data("text\tlabel\na\tx\nb\tx\n".utf8).write(to: single)
        let run = try await Program.run(["fit", "--data", single.path, "--output", output])
        #expect(run.status == 65 && run.errors.contains("only the label \"x\""), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
