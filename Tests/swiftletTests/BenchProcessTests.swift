import Foundation
import Testing

@Suite("swiftlet bench")
struct BenchProcessTests {
    /// Options for as few runs as possible.
    static let quick = ["bench", "--time", "0"]

    @Test("each shape has a line of JSON, in order")
    func shapes() async throws {
        let run = try await Program.run(Self.quick + ["--shapes", "1x3,5x4", "--threads", "2", "--rounds", "2"])
        #expect(run.status == 0)
        #expect(run.errors == "")
        let objects = try run.objects()
        #expect(objects.map { $0["shape"] as? String } == ["1x3", "5x4"])
        #expect(objects.map { $0["tokens"] as? Int } == [3, 20])
        for object in objects {
            #expect(object["dtype"] as? String == "float32")
            #expect(object["threads"] as? Int == 2)
            #expect(try #require(object["seconds"] as? Double) > 0)
        }
    }

    @Test("a file's texts are one figure, without padding and without empty lines")
    func texts() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString).txt")
        let words = Array(repeating: "word", count: 600).joined(separator: " ")
        try Data("good\n\n   \na good film\n\(words)\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let run = try await Program.run(Self.quick + ["--texts", file.path, "--batch", "2"])
        let object = try #require(try run.objects().first)
        #expect(object["shape"] as? String == "texts")
        #expect(object["texts"] as? Int == 3)
        // The long text is cut to the model's length.
        #expect(object["tokens"] as? Int == 3 + 5 + 512)
        let tokenizer = try await Program.run(Self.quick + ["--subject", "tokenizer", "--texts", file.path])
        #expect(try tokenizer.objects().first?["tokens"] as? Int == 3 + 5 + 602)
    }

    @Test("steps of training are one figure, on a file's texts or on random ones, and take no other arithmetic")
    func training() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString).txt")
        try Data("a good film\ngood\nbad\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let train = Self.quick + ["--subject", "train", "--batch", "2", "--threads", "2"]
        let object = try #require(try await Program.run(train + ["--texts", file.path]).objects().first)
        #expect(object["shape"] as? String == "train" && object["threads"] as? Int == 2)
        #expect(object["texts"] as? Int == 3 && object["tokens"] as? Int == 5 + 3 + 3)
        #expect(try #require(object["seconds"] as? Double) > 0)
        let model = Program.root.appending(path: "Tests/Fixtures/models/distilbert").path
        let random = try await Program.run(train + ["--model", model])
        #expect(try random.objects().first?["texts"] as? Int == 20, "\(random.errors)")
        let other = try await Program.run(train + ["--dtype", "bfloat16"])
        #expect(other.status == 64 && other.errors.contains("--subject train"), "\(other.errors)")
    }

    @Test("the help names the shapes that are measured unless others are")
    func help() async throws {
        let run = try await Program.run(["bench", "--help"])
        #expect(run.status == 0)
        #expect(run.output.contains("1x16,1x128,8x32,32x32,8x128,32x128,4x512"))
    }

    @Test("a person gets a table")
    func table() async throws {
        let run = try await Program.run(Self.quick + ["--subject", "json", "--batch", "3", "--format", "text"])
        #expect(run.status == 0)
        #expect(run.output.contains("texts/s") && run.output.contains("MB/s") && run.output.contains("json"))
    }
}
