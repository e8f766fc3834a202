import Foundation
import Testing

@testable import swiftlet

@Suite("swiftlet train")
struct TrainProcessTests {
    /// A folder with a small model that has a vocabulary, and a table of labelled texts.
    private struct Place {
        let folder: TestFolder
        let base, data, output: String

        init(_ model: String, label: (Int) -> String = { $0 % 2 == 0 ? "good" : "bad" }) throws {
            folder = try TestFolder()
            let url = folder.url
            let fixtures = Program.root.appending(path: "Tests/Fixtures")
            let copy = url.appending(path: "base")
            try FileManager.default.copyItem(at: fixtures.appending(path: "models/\(model)"), to: copy)
            if !FileManager.default.fileExists(atPath: copy.appending(path: "vocab.txt").path) {
                let pieces = try String(contentsOf: fixtures.appending(path: "tasks/vocab.txt"), encoding: .utf8)
                let known = pieces.split(separator: "\n").prefix(120).joined(separator: "\n")
                try Data((known + "\n").utf8).write(to: copy.appending(path: "vocab.txt"))
            }
            let texts = ["a b c d", "e f", "g h i", "a k l m n"]
            let rows = (0..<40).map {
                "\($0 % 2 == 0 ? texts[$0 / 2 % 4] : "x y " + texts[$0 / 2 % 4]),\"\(label($0))\"\n"
            }
            let file = url.appending(path: "data.csv")
            try Data(("review,mood\n" + rows.joined()).utf8).write(to: file)
            (base, data, output) = (copy.path, file.path, url.appending(path: "out").path)
        }

        var arguments: [String] {
            [
                "train", "--task", "text-classification", "--model", base, "--data", data, "--text-column", "review",
                "--label-column", "mood", "--output", output,
            ]
        }

        func train(_ options: String...) async throws -> Program.Result { try await train(options) }

        func train(_ options: [String]) async throws -> Program.Result { try await Program.run(arguments + options) }
    }

    /// A temporary folder that is removed when the value ends.
    private final class TestFolder {
        let url = FileManager.default.temporaryDirectory.appending(path: "swiftlet-train-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }
    }

    @Test(
        "makes a folder that classify loads, with a new head, tokenizer, labels, state and card",
        arguments: ["bert", "distilbert", "mobilebert", "mobilebert-layer-norm"]
    )
    func trains(model: String) async throws {
        let place = try Place(model)
        let result = try await place.train("--epochs", "8", "--learning-rate", "3e-3", "--batch-size", "4")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("new, because the checkpoint has none of this shape"))
        let report = try #require(try result.objects().first)
        #expect(report["labels"] as? [String] == ["bad", "good"])
        #expect(report["steps"] as? Int == 72)
        let accuracy = try #require(report["eval_accuracy"] as? Double)
        #expect(accuracy == 1)

        let classified = try await Program.run(["classify", "--model", place.output, "x y a b c d", "a b c d"])
        #expect(classified.status == 0, "\(classified.errors)")
        let labels = try classified.objects().map { $0["label"] as? String ?? "" }
        #expect(labels == ["bad", "good"] || classified.output.contains("bad"), "\(classified.output)")

        let files = try FileManager.default.contentsOfDirectory(atPath: place.output)
        #expect(Set(files).isSuperset(of: ["config.json", "model.safetensors", "README.md", "trainer_state.json"]))
        #expect(files.filter { $0.hasPrefix("checkpoint-") }.count <= 2)
        #expect(!files.contains { $0.hasPrefix(".") })
        let state = try json("\(place.output)/trainer_state.json")
        #expect(state["global_step"] as? Int == 72 && state["max_steps"] as? Int == 72)
        #expect((state["log_history"] as? [[String: Any]])?.count == 9)
        let configuration = try json("\(place.output)/config.json")
        #expect(configuration["id2label"] as? [String: String] == ["0": "bad", "1": "good"])
        #expect(configuration["problem_type"] as? String == "single_label_classification")
    }

    private func json(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(filePath: path))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("goes on from a checkpoint to the bits of a run without an interruption, and refuses other options")
    func resumes() async throws {
        let place = try Place("bert")
        let options = [
            "--epochs", "3", "--batch-size", "4", "--save-total-limit", "9", "--gradient-accumulation-steps", "2",
        ]
        let whole = try await place.train(
            options[0],
            options[1],
            options[2],
            options[3],
            options[4],
            options[5],
            options[6],
            options[7],
            "--metric-for-best-model",
            "loss"
        )
        #expect(whole.status == 0, "\(whole.errors)")
        let manager = FileManager.default
        let names = try manager.contentsOfDirectory(atPath: place.output)
        let last = try #require(names.filter { $0.hasPrefix("checkpoint-") }.sorted().last)
        let files = ["\(place.output)/\(last)/model.safetensors", "\(place.output)/\(last)/optimizer.safetensors"]
        let expected = try files.map { try Data(contentsOf: URL(filePath: $0)) }
        for name in names where name != "checkpoint-5" { try manager.removeItem(atPath: "\(place.output)/\(name)") }

        let other = try await place.train("--resume", "--epochs", "4")
        #expect(other.status == 64 && other.errors.contains("training options"), "\(other.errors)")
        let rest = try await place.train(
            "--resume",
            options[0],
            options[1],
            options[2],
            options[3],
            options[4],
            options[5],
            options[6],
            options[7],
            "--metric-for-best-model",
            "loss"
        )
        #expect(rest.status == 0, "\(rest.errors)")
        for (file, bytes) in zip(files, expected) {
            #expect(try Data(contentsOf: URL(filePath: file)) == bytes, "\(file)")
        }
    }

    @Test("ends clearly when the loss is not a finite number any more, and keeps the last checkpoint")
    func diverges() async throws {
        let place = try Place("bert")
        let result = try await place.train(
            "--learning-rate",
            "1e30",
            // The first step has a learning rate of 0.
            "--warmup-steps",
            "10",
            "--max-steps",
            "50",
            "--save-strategy",
            "steps",
            "--save-steps",
            "1",
            "--eval-strategy",
            "no",
            "--max-grad-norm",
            "0"
        )
        #expect(result.status == 1)
        #expect(result.errors.contains("not finite numbers any more"))
        #expect(result.errors.contains("checkpoint-1 is kept") && checkpoints(place.output) == [1])
        #expect(!FileManager.default.fileExists(atPath: "\(place.output)/config.json"))
    }

    @Test("writes the temperature of the held-out texts, which classify uses when it is asked to")
    func calibration() async throws {
        // A fifth of the labels is wrong, so that no model is right for all held-out texts.
        let place = try Place("bert") { ($0 % 2 == 0) != ($0 % 10 == 3 || $0 % 10 == 6) ? "good" : "bad" }
        let options = [
            "--epochs", "20", "--learning-rate", "3e-3", "--held-out", "0.5", "--metric-for-best-model", "loss",
        ]
        let result = try await place.train(options)
        #expect(result.status == 0, "\(result.errors)")
        let calibration = try #require(try result.objects().first?["calibration"] as? [String: Any])
        let temperature = try #require(calibration["temperature"] as? Double)
        #expect(temperature > 0 && calibration["before"] != nil && calibration["after"] != nil)
        let configuration = try json("\(place.output)/config.json")
        #expect(configuration["calibration_temperature"] as? Double == temperature)
        let best = try #require(checkpoints(place.output).first)
        #expect(try json("\(place.output)/checkpoint-\(best)/config.json")["calibration_temperature"] == nil)
        let text = "x y a b c d"
        let plain = try await Program.run(["classify", "--model", place.output, text])
        let calibrated = try await Program.run(["classify", "--model", place.output, "--calibrated", text])
        #expect(calibrated.status == 0 && calibrated.output != plain.output, "\(calibrated.errors)")
    }

    @Test("learns labels of which a text has any number, and numbers")
    func otherProblems() async throws {
        let many = try Place("distilbert") { $0 % 2 == 0 ? "fun, long" : $0 % 3 == 0 ? "" : "long" }
        let result = try await many.train(
            "--problem-type",
            "multi_label_classification",
            "--max-steps",
            "40",
            "--learning-rate",
            "3e-3"
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.objects().first?["labels"] as? [String] == ["fun", "long"])
        #expect(try json("\(many.output)/config.json")["problem_type"] as? String == "multi_label_classification")

        let numbers = try Place("bert") { $0 % 2 == 0 ? "1.5" : "-0.5" }
        let regression = try await numbers.train(
            "--problem-type",
            "regression",
            "--max-steps",
            "60",
            "--learning-rate",
            "3e-3"
        )
        #expect(regression.status == 0, "\(regression.errors)")
        let pearson = try #require(try regression.objects().first?["eval_pearson"] as? Double)
        #expect(pearson > 0.9)
    }

    @Test("names the file and the line of what it cannot use, and what is there already")
    func refusals() async throws {
        let place = try Place("bert") { $0 == 7 ? " " : "\($0 % 2)" }
        let blank = try await place.train()
        #expect(blank.status == 65 && blank.errors.contains("line 9 of"), "\(blank.errors)")
        let numbers = try await Place("bert").train("--problem-type", "regression")
        #expect(numbers.status == 65 && numbers.errors.contains("is no number"), "\(numbers.errors)")
        let weights = try await Place("bert").train("--class-weights", "1")
        #expect(weights.status == 64 && weights.errors.contains("2 numbers above 0"), "\(weights.errors)")
        let task = try await Place("bert").train("--task", "fill-mask")
        #expect(task.status == 64 && task.errors.contains("text-classification"), "\(task.errors)")
        let there = try Place("bert")
        try FileManager.default.createDirectory(atPath: there.output + "/mine", withIntermediateDirectories: true)
        let refused = try await there.train()
        #expect(refused.status == 64 && refused.errors.contains("--force replaces it"), "\(refused.errors)")
        let nothing = try await there.train("--resume")
        #expect(nothing.status == 64 && nothing.errors.contains("no checkpoint"), "\(nothing.errors)")
        let file = try Place("bert")
        try Data("mine".utf8).write(to: URL(filePath: file.output))
        let kept = try await file.train()
        #expect(kept.status == 64 && kept.errors.contains("--force replaces it"), "\(kept.errors)")
        let replaced = try await file.train("--force", "--max-steps", "1")
        #expect(replaced.status == 0, "\(replaced.errors)")
    }

    @Test("a disk that is full ends a run clearly, with the checkpoints before as they were, and --resume goes on")
    func fullDisk() async throws {
        let place = try Place("bert")
        let options = ["--max-steps", "6", "--save-strategy", "steps", "--save-steps", "2", "--save-total-limit", "9"]
        let whole = try await place.train(options + ["--eval-strategy", "no"])
        #expect(whole.status == 0, "\(whole.errors)")
        let last = URL(filePath: "\(place.output)/checkpoint-6/model.safetensors")
        let expected = try Data(contentsOf: last)
        let manager = FileManager.default
        for name in try manager.contentsOfDirectory(atPath: place.output) where name != "checkpoint-2" {
            try manager.removeItem(atPath: "\(place.output)/\(name)")
        }
        let before = try contents("\(place.output)/checkpoint-2")
        // The limit of a file's size stands for a disk's: the weights do not fit, smaller files do.
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        let command = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\" >/dev/null 2>\"$LOG\""
        let arguments = place.arguments + options + ["--eval-strategy", "no", "--resume"]
        shell.arguments = ["-c", command, Program.path.path] + arguments
        shell.currentDirectoryURL = Program.root
        let log = "\(place.folder.url.path)/errors"
        shell.environment = ProcessInfo.processInfo.environment.merging(["LOG": log]) { $1 }
        let status = try await shell.runToEnd()
        let errors = try String(contentsOf: URL(filePath: log), encoding: .utf8)
        #expect(status == 74 && errors.contains("checkpoint-4"), "\(status): \(errors)")
        #expect(try contents("\(place.output)/checkpoint-2") == before)
        #expect(checkpoints(place.output) == [2])
        let rest = try await place.train(options + ["--eval-strategy", "no", "--resume"])
        #expect(rest.status == 0, "\(rest.errors)")
        #expect(try Data(contentsOf: last) == expected)
    }

    private func contents(_ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) }
        )
    }

    @Test("writes a page about the run, in which texts are no markup, and events for TensorBoard")
    func page() async throws {
        let place = try Place("bert") { $0 % 2 == 0 ? "<good>" : "bad & worse" }
        let result = try await place.train("--max-steps", "12", "--learning-rate", "3e-3", "--logging-steps", "5")
        #expect(result.status == 0, "\(result.errors)")
        let page = try String(contentsOf: URL(filePath: "\(place.output)/report.html"), encoding: .utf8)
        #expect(page.contains("&lt;good&gt;") && page.contains("bad &amp; worse") && !page.contains("<good>"))
        for part in [
            "Loss", "Hardest validation examples", "Calibration", "x y ", "--weight-decay", "wide matrix", "<svg",
            "validation",
        ] {
            #expect(page.contains(part), "\(part)")
        }
        let events = try FileManager.default.contentsOfDirectory(atPath: "\(place.output)/runs")
        let name = try #require(events.first)
        #expect(events.count == 1 && name.hasPrefix("events.out.tfevents."))
        let file = try Data(contentsOf: URL(filePath: "\(place.output)/runs/\(name)"))
        for tag in ["train/loss", "train/grad_norm", "eval/accuracy"] {
            #expect(file.firstRange(of: Data(tag.utf8)) != nil, "\(tag)")
        }
    }

    @Test("saves and ends on Ctrl-C")
    func interruption() async throws {
        let place = try Place("bert")
        let process = Program.process([
            "train", "--model", place.base, "--data", place.data, "--text-column", "review", "--label-column", "mood",
            "--output", place.output, "--max-steps", "1000000", "--save-strategy", "steps", "--save-steps", "20",
        ])
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        async let status = process.runToEnd()
        // Looks are counted, not seconds: beside other tests, the process may begin late.
        var (steps, looks): ([Int], Int) = ([], 0)
        while steps.isEmpty, looks < 1200 {
            looks += 1
            try await Task.sleep(for: .milliseconds(50))
            steps = checkpoints(place.output)
        }
        process.interrupt()
        #expect(try await status == 130)
        #expect(checkpoints(place.output).contains { $0 >= (steps.max() ?? .max) })
    }

    private func checkpoints(_ path: String) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.compactMap { $0.hasPrefix("checkpoint-") ? Int($0.dropFirst("checkpoint-".count)) : nil }
    }
}
