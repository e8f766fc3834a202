import JSON
import TestSupport
import Testing

@testable import Checkpoint
@testable import ModelFiles

/// Valid files with bytes changed, removed and inserted: whatever comes of it, it is a value or a `ModelError`,
/// in bounded time and memory.
@Suite("Damaged files")
struct MutationTests {
    private static let rounds = 2_000

    @Test(
        "reading a damaged file of weights gives values or an error",
        arguments: [
            "views.zip.bin", "views.legacy.bin", "views.protocol4.bin", "storage-views.legacy.bin",
            "hostile.legacy.bin",
            "scalars.safetensors", "views.safetensors",
        ]
    )
    func weights(_ name: String) throws {
        let original = try Fixtures.bytes(name)
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(seed: UInt64(original.count))
        var errors = 0
        for round in 0..<Self.rounds {
            let bytes = mutated(original, using: &generator)
            do {
                _ = try CheckpointFormat.tensors(in: bytes.span.bytes, file: "/\(name)")
                // Files cost more than what is in them: values are read from every fourth.
                if round.isMultiple(of: 4) { readWhatItClaims(try Checkpoint(file: try folder.write(bytes, to: name))) }
            } catch let error as ModelError {
                errors += 1
                #expect(error.description.hasPrefix("/\(name): "))
                #expect(error.description.utf8.count < 4_096)
            }
        }
        #expect(errors > Self.rounds / 20)
    }

    /// Asks for each tensor in the shape that the file claims, so that a claim of 2^60 elements is put to the test.
    private func readWhatItClaims(_ checkpoint: Checkpoint) {
        for tensor in checkpoint.tensorNames {
            let shape = checkpoint.descriptor(tensor)?.shape ?? []
            _ = try? checkpoint.float32(tensor, shape: shape)
            _ = try? checkpoint.bytes(tensor)
        }
    }

    @Test("reading a damaged configuration gives values or an error")
    func configuration() throws {
        let original = Array(
            #"{"hidden_size": 512, "act": "re\u006cu", "id2label": {"0": "a"}, "list": ["é"], "eps": 1e-12, "b": true}"#
                .utf8
        )
        var generator = SeededGenerator(seed: 2)
        var errors = 0
        for _ in 0..<Self.rounds * 5 {
            do {
                let file = try JSONSection(bytes: mutated(original, using: &generator), path: "c")
                _ = try file.integer("hidden_size", in: 1...4096)
                _ = try file.number("eps", in: 0...1)
                _ = try file.boolean("b")
                _ = try file.string("act")
                _ = try file.strings("list")
                _ = try file.stringMap("id2label")
            } catch {
                errors += 1
                #expect(error.description.hasPrefix("c: "))
            }
        }
        #expect(errors > Self.rounds)
    }

    @Test("a damaged index of shards gives values or an error")
    func index() throws {
        let original = try Fixtures.bytes("sharded-torch/pytorch_model.bin.index.json")
        let folder = try TemporaryFolder()
        for shard in ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"] {
            try folder.write(try Fixtures.bytes("sharded-torch/\(shard)"), to: shard)
        }
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<Self.rounds / 10 {
            try folder.write(mutated(original, using: &generator), to: "pytorch_model.bin.index.json")
            do {
                _ = try readAll(try Checkpoint(directory: folder.path))
            } catch let error as ModelError {
                #expect(error.description.hasPrefix(folder.path))
            }
        }
    }

    @Test("views of any offset, sizes and strides stay inside their storage, or are refused")
    func views() throws {
        let extremes = [0, 1, 1, 1, 2, 2, 3, 6, 7, 1 << 40, .max / 2, .max]
        let storage = Pickle.storage("k", count: 6)
        let elements = (1...6).flatMap { littleEndian(Float($0).bitPattern) }
        var generator = SeededGenerator(seed: 4)
        var read = 0
        for _ in 0..<Self.rounds {
            let rank = Int.random(in: 0...4, using: &generator)
            let numbers = (0...2 * rank).map { _ in extremes.randomElement(using: &generator) ?? 0 }
            let (shape, strides) = (Array(numbers[1...].prefix(rank)), Array(numbers[1...].suffix(rank)))
            let view = Pickle.tensor(storage, offset: numbers[0], shape: shape, strides: strides)
            let bytes = legacyFile(
                Pickle.dictionary([("w", view)]),
                keys: ["k"],
                storages: littleEndian(Int64(6)) + elements
            )
            guard let tensor = try? TorchLegacyFile.tensors(in: bytes.span.bytes, file: "l").first,
                let count = elementCount(of: shape), count <= 6
            else { continue }
            var values = [Float](repeating: 0, count: count)
            var span = values.mutableSpan
            let elements = StoredElements(tensor)
            elements.read(from: bytes.span.bytes.extracting(elements.bytes), into: &span) { (value: Float) in value }
            #expect(values == viewedElements(offset: numbers[0], shape: shape, strides: strides))
            read += 1
        }
        #expect(read > Self.rounds / 10)
    }

    /// What such a view of the numbers 1, 2, … holds: the element at offset + the sum of index * stride is one more.
    private func viewedElements(offset: Int, shape: [Int], strides: [Int]) -> [Float] {
        if shape.contains(0) { return [] }
        guard let size = shape.first, let stride = strides.first else { return [Float(offset + 1)] }
        return (0..<size).flatMap { index in
            viewedElements(
                offset: offset + index * stride,
                shape: Array(shape.dropFirst()),
                strides: Array(strides.dropFirst())
            )
        }
    }

    @Test("any sequence of the opcodes and names that are allowed gives values or an error")
    func programs() throws {
        let ordered = Pickle.global("collections", "OrderedDict")
        let fragments: [[UInt8]] =
            ["(", "N", ")", "]", "}", "t", "a", "e", "s", "u", "R", "b", "Q", "q\u{0}", "h\u{0}", "q\u{1}", "h\u{1}"]
            .map { Array($0.utf8) } + [[0x85], [0x86], [0x87], [0x88], [0x93], [0x94]]
            + [0, 1, 6, -1, .max, .min].map(Pickle.integer) + ["storage", "k", "cpu", "w"].map(Pickle.string)
            + [ordered, Pickle.global("torch", "Size"), Pickle.global("torch", "FloatStorage")]
            + ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"].map { Pickle.global("torch._utils", $0) }
            + [Pickle.storage("k", count: 6), Pickle.tensor(Pickle.storage("k", count: 6), shape: [6], strides: [1])]
        var generator = SeededGenerator(seed: 5)
        var finished = 0
        for _ in 0..<Self.rounds * 5 {
            let length = Int.random(in: 1...12, using: &generator)
            let program = (0..<length).flatMap { _ in fragments.randomElement(using: &generator) ?? [] }
            let bytes = Pickle.document(program)
            do {
                let result = try Unpickler.load(from: bytes.span.bytes, at: 0..<bytes.count, file: "p")
                finished += 1
                _ = try TorchStateDictionary(result, file: "p").tensors(at: ["k": 0..<24])
            } catch {
                #expect(error.description.hasPrefix("p: "))
            }
        }
        #expect(finished > Self.rounds / 10)
    }

    /// One to four edits, at places drawn evenly: bits flipped, bytes set to extremes, removed, inserted or doubled,
    /// and now and then the rest cut off.
    private func mutated(_ original: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, position + Int.random(in: 1...8, using: &generator))
            switch Int.random(in: 0..<16, using: &generator) {
            case 0..<6: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 6..<8: bytes[position] = UInt8.random(in: 0...255, using: &generator)
            case 8: bytes.replaceSubrange(position..<end, with: repeatElement(0xFF, count: end - position))
            case 9: bytes.replaceSubrange(position..<end, with: repeatElement(0x00, count: end - position))
            case 10: bytes[position] = UInt8(ascii: "9")
            case 11, 12: bytes.removeSubrange(position..<end)
            case 13: bytes.insert(contentsOf: bytes[position..<end], at: position)
            case 14: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
            default: bytes.removeSubrange(position...)
            }
        }
        return bytes
    }
}
