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

    @Test("an interrupted run goes on where it was; with another input it begins anew")
    func resuming() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "in.txt"), folder.appending(path: "out.jsonl"))
        let lines = (0..<6).map { "text number \($0)" }
        try Data(lines.joined(separator: "\n").utf8).write(to: input)
        let arguments = ["embed", "--input", input.path, "--output", output.path]
        // A bad line at the end stops the run once the windows before it are written.
        let bad = folder.appending(path: "bad.jsonl")
        let good = (0..<WindowPipeline.textsPerWindow).map { "{\"text\": \"number \($0)\"}\n" }.joined()
        try Data((good + "{}\n").utf8).write(to: bad)
        let interrupted = ["embed", "--input", bad.path, "--output", output.path, "--dimensions", "2"]
        let first = try await Program.run(interrupted)
        #expect(first.status == 65 && first.errors.contains("line 1025"), "\(first.errors)")
        #expect(!FileManager.default.fileExists(atPath: output.path))
        let second = try await Program.run(interrupted)
        #expect(second.errors.contains("going on behind 1024 texts"), "\(second.errors)")
        let other = try await Program.run(arguments)
        #expect(other.status == 0 && other.errors.contains("beginning anew"), "\(other.errors)")
        let written = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
        #expect(written.count == 6)
        #expect(written.enumerated().allSatisfy { $1.hasPrefix("{\"index\":\($0),") })
    }
}
