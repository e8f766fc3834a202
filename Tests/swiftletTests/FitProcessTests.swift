import Encoder
import Foundation
import Inference
import Testing

@testable import swiftlet

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

    /// A copy of a fixture's model that has a vocabulary.
    private static func base(_ model: String, in folder: URL) throws -> URL {
        let base = folder.appending(path: "base")
        let fixtures = Program.root.appending(path: "Tests/Fixtures")
        try FileManager.default.copyItem(at: fixtures.appending(path: "models/\(model)"), to: base)
        if !FileManager.default.fileExists(atPath: base.appending(path: "vocab.txt").path) {
            // The vocabulary has as many pieces as the smallest model has embeddings; other words become [UNK].
            let pieces = try String(contentsOf: fixtures.appending(path: "tasks/vocab.txt"), encoding: .utf8)
            let known = pieces.split(separator: "\n").prefix(120).joined(separator: "\n")
            try Data((known + "\n").utf8).write(to: base.appending(path: "vocab.txt"))
        }
        return base
    }

    /// The logits that a fit computes for the first texts, from the features and the head that training has in memory.
    private static func logits(
        ofFirst count: Int,
        _ data: String,
        _ features: ClassifierExport.Features,
        of base: URL,
        _ adjust: (inout FitTask) -> Void
    ) async throws -> [[Float]] {
        let texts = try LabelledTexts(path: data, fields: RecordFields(format: .csv, names: ["review", "mood"]))
        let export = try ClassifierExport(directory: base.path, features: features)
        let folder = try FittedFolder(destination: base.path + "-features", replaces: false)
        defer { folder.discard() }
        try folder.copyTokenizer(from: [base.path], maxLength: 64)
        let extraction = try FeatureExtraction(export, in: folder, engine: ComputeOptions(), maxLength: nil)
        let rows = try await extraction.features(of: texts)
        await extraction.finish()
        var task = FitTask(
            labels: labels,
            targets: try texts.targets(LabelForm(), known: labels).targets,
            features: rows
        )
        adjust(&task)
        let head = try task.run(data: data).head
        return rows.prefix(count).map { row in
            labels.indices.map { label in
                head.bias[label] + zip(row, head.weight[(label * row.count)...]).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
    }

    private static let labels = ["bad", "good"]

    @Test(
        "a fitted folder gives the logits that the fit computed, whatever its head reads",
        arguments: [
            ("mobilebert-sentiment", .pooler), ("mobilebert", .cls), ("bert", .mean), ("bert-no-pooler", .cls),
            ("bert-sentiment", .pooler), ("distilbert", .mean), ("distilbert", .cls), ("distilbert-sentiment", .pooler),
        ] as [(String, ClassifierExport.Features)]
    )
    func logits(model: String, features: ClassifierExport.Features) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-fit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (base, data) = (try Self.base(model, in: folder), try Self.data(folder))
        let output = folder.appending(path: "fitted").path
        let run = try await Program.run([
            "fit", "--model", base.path, "--data", data, "--text-column", "review", "--label-column", "mood",
            "--features", features.rawValue, "--folds", "2", "--seed", "3", "--output", output,
        ])
        #expect(run.status == 0, "\(run.errors)")
        let expected = try await Self.logits(ofFirst: 6, data, features, of: base) { task in
            (task.folds, task.seed) = (2, 3)
        }
        let arguments = ["classify", "--model", output, "--input", data, "--text-column", "review"]
        let classified = try await Program.run(arguments).objects()
        let found = try classified.prefix(expected.count).map { object in
            let given = try #require(object["labels"] as? [[String: Any]])
            return try Self.labels.map { label in
                Float(try #require(given.first { $0["label"] as? String == label }?["logit"] as? Double))
            }
        }
        #expect(found.count == expected.count)
        let largest = expected.joined().map(abs).max() ?? 0
        #expect(largest > 0.01)
        for (a, b) in zip(found.joined(), expected.joined()) {
            #expect(abs(a - b) <= 1e-4 * largest, "\(a) instead of \(b)")
        }
    }

    @Test(
        "a fitted folder loads, has the labels of the data, and is the same again from the same data",
        arguments: ["mobilebert-sentiment", "bert"]
    )
    func fitting(model: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-fit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = try Self.base(model, in: folder)
        let output = folder.appending(path: "fitted").path
        let arguments = [
            "fit", "--model", base.path, "--data", try Self.data(folder), "--text-column", "review",
            "--label-column", "mood", "--output", output, "--c", "1",
        ]
        let run = try await Program.run(arguments)
        #expect(run.status == 0, "\(run.errors)")
        let report = try #require(try run.objects().first)
        #expect(report["labels"] as? [String] == Self.labels)
        #expect(report["held_out_texts"] as? Int == 5)
        let loaded = try LoadedModel(directory: output)
        #expect(loaded.encoder.configuration.labels == Self.labels)
        let again = try await Program.run(arguments)
        #expect(again.status == 64 && again.errors.contains("--force"))
        let before = try Data(contentsOf: URL(filePath: output + "/model.safetensors"))
        let forced = try await Program.run(arguments + ["--force"])
        #expect(forced.status == 0, "\(forced.errors)")
        let after = try Data(contentsOf: URL(filePath: output + "/model.safetensors"))
        #expect(after == before)
    }

    /// Fits on rows of a table with a text and a label, and calls `body` with the report and the output folder.
    private static func fit(
        _ rows: [(text: String, label: String)],
        _ options: [String],
        _ body: ([String: Any], String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-fit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (data, output) = (folder.appending(path: "data.tsv"), folder.appending(path: "fitted").path)
        let lines = ["text\tlabel"] + rows.map { "\($0.text)\t\($0.label)" }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: data)
        let run = try await Program.run(["fit", "--data", data.path, "--output", output] + options)
        #expect(run.status == 0, "\(run.errors)")
        try await body(try #require(try run.objects().first), output)
    }

    /// Texts of two kinds, one in four with the other kind's label, so that no head is right for all.
    private static let noisy = (0..<48).map { index in
        let isGood = index % 2 == 0
        let text = isGood ? "a wonderful, moving film \(index)" : "a dull and tedious mess \(index)"
        return (text: text, label: isGood == (index % 8 < 6) ? "good" : "bad")
    }

    @Test("the held-out texts give a temperature, by which --calibrated divides logits; balanced weights are reported")
    func calibration() async throws {
        try await Self.fit(Self.noisy, ["--c", "1", "--class-weights", "balanced"]) { report, output in
            let calibration = try #require(report["calibration"] as? [String: Any])
            let temperature = try #require(calibration["temperature"] as? Double)
            let tables = try ["before", "after"].map { try #require(calibration[$0] as? [String: Any]) }
            let losses = tables.compactMap { $0["log_loss"] as? Double }
            #expect(losses.count == 2 && losses[1] <= losses[0])
            for table in tables {
                #expect((table["bins"] as? [[String: Any]])?.count == 15)
                #expect((table["expected_calibration_error"] as? Double).map { (0...1).contains($0) } == true)
            }
            #expect((report["class_weights"] as? [Double])?.count == 2)
            #expect(try LoadedModel(directory: output).encoder.configuration.calibrationTemperature == temperature)
            let run = try await Program.run(["classify", "--model", output, "--calibrated", "a dull film"])
            let labels = try #require(try run.objects().first?["labels"] as? [[String: Any]])
            let logits = labels.compactMap { $0["logit"] as? Double }
            let score = try #require(labels.first?["score"] as? Double)
            #expect(abs(score - 1 / (1 + exp((logits[1] - logits[0]) / temperature))) < 1e-5)
        }
        let without = try await Program.run(["classify", "--calibrated", "a dull film"])
        #expect(without.status == 65 && without.errors.contains("calibration_temperature"), "\(without.errors)")
        let raw = try await Program.run(["classify", "--calibrated", "--raw-scores", "a dull film"])
        #expect(raw.status == 64)
    }

    @Test("sets of labels become a model that gives each label its sigmoid")
    func labelSets() async throws {
        let rows = Self.noisy.enumerated().map { index, row in
            (text: row.text, label: index % 7 == 0 ? "" : index % 3 == 0 ? "\(row.label), odd" : row.label)
        }
        try await Self.fit(rows, ["--problem-type", "multi_label_classification", "--folds", "2"]) { report, output in
            #expect(report["labels"] as? [String] == ["bad", "good", "odd"])
            #expect((report["label_metrics"] as? [[String: Any]])?.count == 3)
            for key in ["micro_f1", "macro_f1", "accuracy"] { #expect(report[key] is Double) }
            let tried = try #require(report["cross_validation"] as? [[String: Any]])
            #expect(tried.count == 10 && tried.allSatisfy { $0["micro_f1"] is Double })
            #expect(try LoadedModel(directory: output).encoder.configuration.problemType == .multiLabel)
            let run = try await Program.run(["classify", "--model", output, "a wonderful, moving film"])
            for label in try #require(try run.objects().first?["labels"] as? [[String: Any]]) {
                let (score, logit) = (label["score"] as? Double ?? .nan, label["logit"] as? Double ?? .nan)
                #expect(abs(score - 1 / (1 + exp(-logit))) < 1e-5)
            }
        }
    }

    @Test("numbers become a regression, whose score is the number")
    func numbers() async throws {
        let rows = Self.noisy.enumerated().map { index, row in
            (text: row.text, label: "\((row.text.contains("dull") ? -20 : 20) + index % 5)")
        }
        let options = ["--problem-type", "regression", "--folds", "2"]
        try await Self.fit(rows, options) { report, output in
            #expect(report["labels"] as? [String] == ["LABEL_0"])
            #expect(report["calibration"] == nil)
            #expect((report["pearson"] as? Double ?? 0) > 0.9 && (report["mse"] as? Double ?? 1e9) < 100)
            #expect(try LoadedModel(directory: output).encoder.configuration.problemType == .regression)
            let run = try await Program.run(["classify", "--model", output, rows[0].text, rows[1].text])
            let scores = try run.objects().map { (($0["labels"] as? [[String: Any]])?.first?["score"] as? Double) ?? 0 }
            #expect(scores.count == 2 && scores[0] > 10 && scores[1] < -10, "\(scores)")
        }
    }

    @Test("what a killed run has left is removed by the next one, but never what a running one owns")
    func leftovers() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-fit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "fitted").path
        let running = try FittedFolder(destination: output, replaces: true)
        // A killed run's folder has no owner; the others are folders that no run has made.
        let left = folder.appending(path: ".fitted.\(UUID().uuidString)").path
        let strange = [".fitted.backup", ".fitted.old"].map { folder.appending(path: $0).path }
        for path in strange + [left] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let next = try FittedFolder(destination: output, replaces: true)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names.map { folder.appending(path: $0).path }) == Set([running.path, next.path] + strange))
        running.discard()
        next.discard()
    }

    @Test("a folder that a killed run had moved away, and put nothing in its place, is put back")
    func movedAway() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-fit-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let old = folder.appending(path: ".fitted.\(UUID().uuidString).old")
        try FileManager.default.createDirectory(at: old, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: old.appending(path: "config.json"))
        let output = folder.appending(path: "fitted").path
        #expect(throws: CommandError.self) { try FittedFolder(destination: output, replaces: false) }
        #expect(FileManager.default.fileExists(atPath: output + "/config.json"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["fitted"])
    }

    @Test("data that cannot be used for training causes an error that describes the data")
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
        let number = try await Program.run([
            "fit", "--data", single.path, "--output", output, "--problem-type", "regression",
        ])
        #expect(number.status == 65 && number.errors.contains("line 2"), "\(number.errors)")
        let weights = try await Program.run([
            "fit", "--data", data, "--text-column", "review", "--label-column", "mood", "--output", output,
            "--class-weights", "1,2,3",
        ])
        #expect(
            weights.status == 64 && weights.errors.contains("2 numbers above 0, for bad, good"),
            "\(weights.errors)"
        )
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
