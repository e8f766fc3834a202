import TestSupport
import Testing

@testable import Checkpoint

@Suite("PyTorch's zip files")
struct TorchZipFileTests {
    private static let values = [UInt8](repeating: 0, count: 24)
    private static func state(_ tensor: [UInt8]) -> [UInt8] { Pickle.document(Pickle.dictionary([("w", tensor)])) }
    private static let plain = state(Pickle.tensor(Pickle.storage("0", count: 6), shape: [2, 3], strides: [3, 1]))
    private static func archive(_ pickle: [UInt8] = plain, more: [(String, [UInt8])] = [("a/data/0", values)])
        -> ZipWriter
    {
        ZipWriter(entries: [("a/data.pkl", pickle)] + more.map { (name: $0.0, bytes: $0.1) })
    }

    private func tensors(_ bytes: [UInt8]) throws -> [StoredTensor] {
        try TorchZipFile.tensors(in: bytes.span.bytes, file: "z")
    }

    @Test("archives with ZIP64 records, comments and a stated byte order are read")
    func variants() throws {
        var archive = Self.archive()
        let expected = try tensors(archive.bytes())
        #expect(expected.map(\.descriptor) == [TensorDescriptor(name: "w", scalarType: .float32, shape: [2, 3])])
        archive.usesZip64 = true
        #expect(try tensors(archive.bytes()).map(\.storage) == expected.map(\.storage))
        archive.comment = "PK\u{5}\u{6}" + String(repeating: "x", count: 60_000)
        #expect(try tensors(archive.bytes()).map(\.storage) == expected.map(\.storage))
        archive.entries.append((name: "a/byteorder", bytes: Array("little".utf8)))
        #expect(try tensors(archive.bytes()).count == 1)
    }

    struct Malformed: CustomTestStringConvertible {
        let bytes: [UInt8]
        let expected: String
        var testDescription: String { expected }

        init(_ archive: ZipWriter, _ expected: String) { self.init(archive.bytes(), expected) }
        init(_ bytes: [UInt8], _ expected: String) { (self.bytes, self.expected) = (bytes, expected) }
    }

    static func tensor(offset: Int = 0, shape: [Int], strides: [Int]) -> ZipWriter {
        archive(state(Pickle.tensor(Pickle.storage("0", count: 6), offset: offset, shape: shape, strides: strides)))
    }

    static func modified(_ change: (inout ZipWriter) -> Void) -> ZipWriter {
        var archive = archive()
        change(&archive)
        return archive
    }

    /// An archive whose central directory, or what follows it, is changed at `offset` from its first entry.
    static func patched(zip64: Bool = false, at offset: Int, _ bytes: [UInt8]) -> [UInt8] {
        var archive = archive()
        archive.usesZip64 = zip64
        var patched = archive.bytes()
        let signature = littleEndian(UInt32(0x0201_4B50))
        let start = patched.indices.first { patched[$0...].starts(with: signature) } ?? 0
        patched.replaceSubrange(start + offset..<start + offset + bytes.count, with: bytes)
        return patched
    }

    static let malformed: [Malformed] = [
        .init(
            Array("PK\u{3}\u{4}".utf8),
            "zip archive: found no end record (a download cut short?), expected one in the last 64 KB"
        ),
        .init(
            Array(archive().bytes().dropLast()),
            "zip archive: found no end record (a download cut short?), expected one in the last 64 KB"
        ),
        .init(
            archive().bytes() + [0],
            "zip archive: found no end record (a download cut short?), expected one in the last 64 KB"
        ),
        .init(
            modified { $0.method = 8 },
            "zip entry \"a/data.pkl\": found compression method 8, expected a stored entry, as PyTorch writes"
        ),
        .init(
            modified { $0.flags = 1 },
            "zip entry \"a/data.pkl\": found encryption, expected a stored entry, as PyTorch writes"
        ),
        .init(ZipWriter(entries: []), "zip archive: found 0 entries <folder>/data.pkl, expected one"),
        .init(archive(more: [("b/data.pkl", [])]), "zip archive: found 2 entries <folder>/data.pkl, expected one"),
        .init(
            archive(more: [("a/data/0", values), ("a/data/0", values)]),
            "zip entry \"a/data/0\": found the name a second time, expected each name once"
        ),
        .init(archive(more: []), "zip entry \"a/data/0\": found no such entry, expected a storage's bytes"),
        .init(
            archive(more: [("a/data/0", [1, 2])]),
            "zip entry \"a/data/0\": found 2 bytes, expected 6 elements of float32"
        ),
        .init(
            archive(more: [("a/data/0", values), ("a/byteorder", Array("big".utf8))]),
            "byteorder: found another byte order, expected little"
        ),
        .init(
            patched(at: 42, littleEndian(UInt32(7))),
            "zip entry \"a/data.pkl\": found no local header at byte 7, expected one before byte"
        ),
        .init(
            patched(at: 42, littleEndian(UInt32.max)),
            "zip entry \"a/data.pkl\": found no local header at byte 4294967295, expected one before byte"
        ),
        .init(
            patched(at: 20, littleEndian(UInt64(0x7FFF_FFFF_7FFF_FFFF))),
            "zip entry \"a/data.pkl\": found 2147483647 bytes from 40, expected an end before byte"
        ),
        .init(
            patched(at: 20, littleEndian(UInt32(3))),
            "zip entry \"a/data.pkl\": found 190 bytes stored as 3, expected a stored entry, as PyTorch writes"
        ),
        .init(
            patched(at: 46, Array("x".utf8)),
            "zip entry \"x/data.pkl\": found another name in its local header, expected the same"
        ),
        .init(patched(at: 28, [255, 255]), "zip directory, byte"),
        .init(
            patched(zip64: true, at: 46 + 10 + 4, littleEndian(UInt64.max)),
            "zip entry \"a/data.pkl\": found 18446744073709551615 bytes from 40, expected an end before byte"
        ),
        .init(
            patched(zip64: true, at: 46 + 10 + 4 + 16, littleEndian(UInt64.max)),
            "zip entry \"a/data.pkl\": found no local header at byte 18446744073709551615, expected one before byte"
        ),
        .init(
            patched(at: 56 + 54 + 10, [1]),
            "zip directory: found 54 bytes left over, expected 1 entries and nothing else"
        ),
        .init(patched(at: 56 + 54 + 10, [3]), "zip directory, byte"),
        .init(
            tensor(shape: [2, 4], strides: [4, 1]),
            "tensor \"w\": found offset 0, shape [2, 4] and strides [4, 1], expected elements within the 6 of storage \"0\""
        ),
        .init(
            tensor(offset: 1, shape: [2, 3], strides: [3, 1]),
            "tensor \"w\": found offset 1, shape [2, 3] and strides [3, 1], expected elements within the 6 of storage \"0\""
        ),
        .init(
            tensor(shape: [2], strides: [.max]),
            "tensor \"w\": found offset 0, shape [2] and strides [9223372036854775807], expected elements within the 6 of storage \"0\""
        ),
        .init(
            tensor(shape: [.max, .max], strides: [0, 0]),
            "tensor \"w\": found offset 0, shape [9223372036854775807, 9223372036854775807] and strides [0, 0], expected elements within the 6 of storage \"0\""
        ),
        .init(
            tensor(shape: [3, 3], strides: [.max / 2, .max / 2]),
            "tensor \"w\": found offset 0, shape [3, 3] and strides [4611686018427387903, 4611686018427387903], expected elements within the 6 of storage \"0\""
        ),
        .init(
            tensor(offset: 7, shape: [0], strides: [1]),
            "tensor \"w\": found offset 7, shape [0] and strides [1], expected elements within the 6 of storage \"0\""
        ),
        .init(
            archive(Pickle.document(Pickle.list([]))),
            "pickle: found a list, expected a dictionary of names and tensors"
        ),
        .init(
            archive(Pickle.document(Pickle.dictionary([]))),
            "pickle: found a dictionary without tensors, expected a dictionary of names and tensors"
        ),
        .init(
            archive(
                state(
                    Pickle.tensor(Pickle.storage("0", count: .max, type: "DoubleStorage"), shape: [1], strides: [1])
                )
            ),
            "zip entry \"a/data/0\": found 24 bytes, expected 9223372036854775807 elements of float64"
        ),
        .init(
            archive(
                Pickle.document(
                    Pickle.dictionary([
                        ("v", Pickle.tensor(Pickle.storage("0", count: 6), shape: [1], strides: [1])),
                        (
                            "w",
                            Pickle.tensor(Pickle.storage("0", count: 3, type: "LongStorage"), shape: [1], strides: [1])
                        ),
                    ])
                )
            ),
            "storage \"0\": found 3 of int64, expected 6 of float32, as before"
        ),
    ]

    @Test("a malformed archive is refused, saying where", arguments: malformed)
    func malformedArchives(_ malformed: Malformed) throws {
        let found = try #require(try message { _ = try tensors(malformed.bytes) })
        #expect(found.hasPrefix("z: \(malformed.expected)"))
    }

    @Test("entries that share bytes are refused")
    func overlap() throws {
        // An entry whose bytes hold another entry, local header and all, which the directory then points into.
        let inner = ZipWriter(entries: [("a/data/1", Self.values)]).bytes().prefix(30 + 8 + 24)
        var bytes = Self.archive(more: [("a/data/0", Array(inner)), ("a/data/1", Self.values)]).bytes()
        let locals = bytes.indices.filter { bytes[$0...].starts(with: littleEndian(UInt32(0x0403_4B50))) }
        let directory = bytes.indices.filter { bytes[$0...].starts(with: littleEndian(UInt32(0x0201_4B50))) }
        bytes.replaceSubrange(directory[2] + 42..<directory[2] + 46, with: littleEndian(UInt32(locals[2])))
        #expect(
            try message { _ = try tensors(bytes) }
                == "z: zip entry \"a/data/1\": found bytes that are also \"a/data/0\"'s, expected bytes of its own"
        )
    }

    @Test("a stride that no index makes use of may be any number")
    func unusedStride() throws {
        let folder = try TemporaryFolder()
        let data = (1...6).flatMap { littleEndian(Float($0).bitPattern) }
        let storage = Pickle.storage("0", count: 6)
        let tensor = Pickle.tensor(storage, offset: 1, shape: [2, 1, 2], strides: [3, .max, 1])
        let bytes = Self.archive(Self.state(tensor), more: [("a/data/0", data)]).bytes()
        let checkpoint = try Checkpoint(file: try folder.write(bytes, to: "a.bin"))
        #expect(try checkpoint.float32("w", shape: [2, 1, 2]) == [2, 3, 5, 6])
    }

    @Test("a compressed archive is refused by the entry's name")
    func compressed() throws {
        let path = Fixtures.path("compressed.bin")
        #expect(
            try message { _ = try Checkpoint(file: path) }
                == "\(path): zip entry \"archive/data.pkl\": found compression method 8, expected a stored entry, "
                + "as PyTorch writes"
        )
    }
}
