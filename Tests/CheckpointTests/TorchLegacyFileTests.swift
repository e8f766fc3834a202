import Testing

@testable import Checkpoint

@Suite("PyTorch's legacy files")
struct TorchLegacyFileTests {
    private static let elements = littleEndian(Int64(6)) + [UInt8](repeating: 0, count: 24)
    private static let tensor = Pickle.tensor(Pickle.storage("k", count: 6), shape: [2, 3], strides: [3, 1])
    private static let state = Pickle.dictionary([("w", tensor)])

    private func tensors(_ bytes: [UInt8]) throws -> [StoredTensor] {
        try TorchLegacyFile.tensors(in: bytes.span.bytes, file: "l")
    }

    @Test("tensors that share a storage share its bytes")
    func shared() throws {
        let state = Pickle.dictionary([("a", Self.tensor), ("b", Self.tensor)])
        let tensors = try tensors(legacyFile(state, keys: ["k"], storages: Self.elements))
        #expect(tensors.map(\.descriptor.name) == ["a", "b"])
        #expect(Set(tensors.map(\.storage)).count == 1)
    }

    @Test("GPU tensors of old files are read like others")
    func cuda() throws {
        let storage = Pickle.storage("k", count: 6, type: "cuda.FloatStorage")
        let state = Pickle.dictionary([("w", Pickle.tensor(storage, shape: [6], strides: [1]))])
        #expect(try tensors(legacyFile(state, keys: ["k"], storages: Self.elements)).count == 1)
    }

    @Test("a storage view ends where it says, not where its storage does")
    func viewBounds() throws {
        let view = Pickle.tuple([Pickle.string("v"), Pickle.integer(2), Pickle.integer(3)])
        let storage = Pickle.storage("k", count: 6, view: view)
        let inside = Pickle.dictionary([("w", Pickle.tensor(storage, shape: [3], strides: [1]))])
        #expect(try tensors(legacyFile(inside, keys: ["k"], storages: Self.elements)).first?.storage.count == 12)
        let outside = Pickle.dictionary([("w", Pickle.tensor(storage, shape: [4], strides: [1]))])
        #expect(
            try message { _ = try tensors(legacyFile(outside, keys: ["k"], storages: Self.elements)) }
                == "l: tensor \"w\": found offset 0, shape [4] and strides [1], expected elements within the 3 of "
                + "storage \"k\""
        )
    }

    private static let dataStart = legacyFile(state, keys: ["k"], storages: []).count

    static let malformed: [([UInt8], String)] = [
        (
            Pickle.document(Pickle.integer(1)),
            "magic number: found 1, expected PyTorch's"
        ),
        (
            Array(legacyFile([0x4E], keys: [], storages: []).prefix(15)) + Pickle.document(Pickle.integer(1002)),
            "protocol version: found 1002, expected 1001"
        ),
        (
            legacyFile(state, keys: ["k"], storages: elements, byteOrderFlag: 0x89),
            "byte order: found big-endian, expected little-endian"
        ),
        (
            legacyFile([0x4E], keys: [], storages: []),
            "pickle: found None, expected a dictionary of names and tensors"
        ),
        (
            legacyFile(state, keys: [], storages: []),
            "tensor \"w\": found storage \"k\", expected one that the file has"
        ),
        (
            legacyFile(state, keys: ["x"], storages: elements),
            "storage keys: found \"x\", which no tensor has, expected only those of tensors"
        ),
        (
            legacyFile(state, keys: ["k", "k"], storages: elements + elements),
            "storage keys: found \"k\" a second time, expected each once"
        ),
        (
            legacyFile(state, keys: ["k"], storages: elements + [0]),
            "byte \(dataStart + 32): found 1 more bytes, expected the end of the file"
        ),
        (
            legacyFile(state, keys: ["k"], storages: []),
            "storage \"k\", byte \(dataStart): found the end of the file, expected its element count"
        ),
        (
            legacyFile(state, keys: ["k"], storages: littleEndian(Int64(7)) + elements),
            "storage \"k\", byte \(dataStart): found 7 elements, expected 6, as the pickle says"
        ),
        (
            legacyFile(state, keys: ["k"], storages: littleEndian(Int64(-1)) + elements),
            "storage \"k\", byte \(dataStart): found -1 elements, expected 6, as the pickle says"
        ),
        (
            legacyFile(state, keys: ["k"], storages: Array(elements.dropLast())),
            "storage \"k\", byte \(dataStart): found 23 bytes left, expected 6 elements of float32"
        ),
        (
            legacyFile(
                Pickle.dictionary([
                    ("w", Pickle.tensor(Pickle.storage("k", count: 1 << 61), shape: [1, 1], strides: [1, 1]))
                ]
                ),
                keys: ["k"],
                storages: littleEndian(Int64(1) << 61)
            ),
            "storage \"k\", byte \(dataStart): found 0 bytes left, expected 2305843009213693952 elements of float32"
        ),
    ]

    @Test("a malformed file is refused, saying where", arguments: malformed)
    func malformedFiles(_ bytes: [UInt8], _ expected: String) throws {
        #expect(try message { _ = try tensors(bytes) } == "l: \(expected)")
    }
}
