import Foundation
import Testing

@testable import swiftlet

@Suite("swiftlet embed --output")
struct BulkEmbedProcessTests {
    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-bulk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// An input whose last line, which is bad, stops a run once the window before it is written.
    private static func writeInterrupting(_ url: URL) throws {
        let good = (0..<WindowPipeline.textsPerWindow).map { "{\"text\": \"\($0)\"}\n" }.joined()
        try Data((good + "{}\n").utf8).write(to: url)
    }

    /// The vectors of a NumPy file of float32.
    private static func vectors(_ url: URL, rows: Int) throws -> [[Float]] {
        let data = [UInt8](try Data(contentsOf: url))
        let start = 10 + Int(data[8]) + 256 * Int(data[9])
        let header = String(decoding: data[10..<start], as: UTF8.self)
        let columns = (data.count - start) / 4 / max(rows, 1)
        #expect(start % 64 == 0 && header.contains("'shape': (\(rows), \(columns))"), "\(header)")
        return (0..<rows).map { row in
            (0..<columns).map { column in
                let place = start + 4 * (row * columns + column)
                return Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[place + $1]) << (8 * $1) })
            }
        }
    }

    @Test("rows are in the input's order, of every form of it, and the same as one by one")
    func forms() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let texts = ["a", "a much longer text, of \"quite\" a few words", "", "good morning"]
        let quoted = texts.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
        let inputs = [
            "in.txt": texts.joined(separator: "\n") + "\n",
            "in.csv": "n,text\n" + quoted.enumerated().map { "\($0),\($1)\n" }.joined(),
            "in.jsonl": quoted.map { "{\"text\": \($0.replacing("\"\"quite\"\"", with: "\\\"quite\\\""))}\n" }.joined(),
        ]
        var found: [[[Float]]] = []
        for (name, content) in inputs {
            let (input, output) = (folder.appending(path: name), folder.appending(path: name + ".npy"))
            try Data(content.utf8).write(to: input)
            let run = try await Program.run(["embed", "--input", input.path, "--output", output.path])
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("4 texts"))
            found.append(try Self.vectors(output, rows: 4))
        }
        #expect(found[0] == found[1] && found[1] == found[2])
        let alone = try await Program.run(["embed", texts[3]]).objects().first?["embedding"] as? [Double]
        #expect(alone?.map { Float($0) } == found[0][3])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!names.contains { $0.contains("partial") })
    }

    @Test("every form of output has the same numbers, to the last bit")
    func outputs() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "in.txt")
        let texts = ["good morning", "", "a somewhat longer text, with a comma"]
        try Data(texts.joined(separator: "\n").utf8).write(to: input)
        for ending in ["npy", "jsonl", "csv"] {
            let output = folder.appending(path: "out.\(ending)").path
            let run = try await Program.run(["embed", "--input", input.path, "--output", output])
            #expect(run.status == 0, "\(run.errors)")
        }
        let vectors = try Self.vectors(folder.appending(path: "out.npy"), rows: texts.count)
        let lines = try String(contentsOf: folder.appending(path: "out.jsonl"), encoding: .utf8).split(separator: "\n")
        let objects = try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        #expect(objects.map { $0?["index"] as? Int } == [0, 1, 2])
        #expect(objects.map { ($0?["embedding"] as? [Double])?.map { Float($0) } } == vectors)
        let table = try String(contentsOf: folder.appending(path: "out.csv"), encoding: .utf8)
        #expect(table.hasSuffix("\n"))
        let rows = table.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(rows.first?.map { String($0) } == ["index"] + vectors[0].indices.map { "d\($0)" })
        #expect(rows.dropFirst().map { $0.first } == ["0", "1", "2"])
        #expect(rows.dropFirst().map { $0.dropFirst().map { Float($0) } } == vectors)
    }

    @Test("an interrupted run continues where it stopped; with another input it starts again")
    func resuming() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "in.txt"), folder.appending(path: "out.jsonl"))
        let lines = (0..<6).map { "text number \($0)" }
        try Data(lines.joined(separator: "\n").utf8).write(to: input)
        let arguments = ["embed", "--input", input.path, "--output", output.path]
        let bad = folder.appending(path: "bad.jsonl")
        try Self.writeInterrupting(bad)
        let interrupted = ["embed", "--input", bad.path, "--output", output.path, "--dimensions", "2"]
        let first = try await Program.run(interrupted)
        #expect(first.status == 65 && first.errors.contains("line 1025"), "\(first.errors)")
        #expect(!FileManager.default.fileExists(atPath: output.path))
        let second = try await Program.run(interrupted)
        #expect(second.errors.contains("continuing after 1024 texts"), "\(second.errors)")
        let other = try await Program.run(arguments)
        #expect(other.status == 0 && other.errors.contains("starting again"), "\(other.errors)")
        let written = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
        #expect(written.count == 6)
        #expect(written.enumerated().allSatisfy { $1.hasPrefix("{\"index\":\($0),") })
    }

    @Test("a run does not go on once the input has changed, even if its size and time are the same")
    func changedContent() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "in.jsonl"), folder.appending(path: "out.npy"))
        try Self.writeInterrupting(input)
        let arguments = ["embed", "--input", input.path, "--output", output.path]
        #expect(try await Program.run(arguments).status == 65)
        #expect(try await Program.run(arguments).errors.contains("continuing after 1024 texts"))
        let changed = folder.appending(path: "changed.jsonl")
        let text = try String(contentsOf: input, encoding: .utf8)
        try Data(text.replacing("\"500\"", with: "\"5o0\"").utf8).write(to: changed)
        let touch = Process()
        touch.executableURL = URL(filePath: "/usr/bin/env")
        touch.arguments = ["touch", "-r", input.path, changed.path]
        #expect(try await touch.runToEnd() == 0)
        try FileManager.default.removeItem(at: input)
        try FileManager.default.moveItem(at: changed, to: input)
        let run = try await Program.run(arguments)
        #expect(run.errors.contains("starting again"), "\(run.errors)")
    }

    @Test("a run does not go on once a weight of the model has changed: of the encoder, or of a Dense of any name")
    func changedWeights() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (manager, fixtures) = (FileManager.default, Program.root.appending(path: "Tests/Fixtures"))
        let model = folder.appending(path: "model")
        try manager.copyItem(at: fixtures.appending(path: "sentence-transformers/residual"), to: model)
        for file in ["config.json", "model.safetensors"] {
            try manager.copyItem(
                at: fixtures.appending(path: "models/mobilebert/\(file)"),
                to: model.appending(path: file)
            )
        }
        let vocabulary = fixtures.appending(path: "sentence-transformers/vocab.txt")
        try manager.copyItem(at: vocabulary, to: model.appending(path: "vocab.txt"))
        let (input, output) = (folder.appending(path: "in.jsonl"), folder.appending(path: "out.npy"))
        try Self.writeInterrupting(input)
        let arguments = ["embed", "--model", model.path, "--input", input.path, "--output", output.path]
        let first = try await Program.run(arguments)
        #expect(first.status == 65 && !first.errors.contains("starting again"), "\(first.errors)")
        let unchanged = try await Program.run(arguments)
        #expect(unchanged.errors.contains("continuing after 1024 texts"), "\(unchanged.errors)")
        for changed in ["4_Dense/model.safetensors", "model.safetensors"] {
            let file = try FileHandle(forUpdating: model.appending(path: changed))
            let end = try file.seekToEnd()
            // The change is in the last weight's lowest bits: the file has the same size as before, and the weight is
            // still finite.
            try file.seek(toOffset: end - 4)
            let byte = try #require(try file.read(upToCount: 1)?.first)
            try file.seek(toOffset: end - 4)
            try file.write(contentsOf: [byte ^ 1])
            try file.close()
            let run = try await Program.run(arguments)
            #expect(run.errors.contains("starting again"), "\(changed): \(run.errors)")
        }
    }
}
