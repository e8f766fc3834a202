import JSON
import ModelFiles

/// Reads where the tensors of a PyTorch file lie: the legacy format, written before PyTorch 1.6 (2020).
///
/// A stream of five pickles (magic number, protocol version, facts about the writing machine, the state dictionary, the
/// list of storage keys), then for each key the element count as an `int64`, and the elements.
enum TorchLegacyFile {
    /// 0x1950a86a20f9469cfc6c, as a pickled integer's bytes.
    private static let magicNumber: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    private static let protocolVersion = 1001

    static func isFormat(of bytes: RawSpan) -> Bool {
        bytes.integer(at: 0, as: UInt8.self) == PickleOpcode.proto.rawValue
    }

    /// Every tensor of the file whose bytes are `bytes`; `file` is for messages.
    static func tensors(in bytes: RawSpan, file: String) throws(ModelError) -> [StoredTensor] {
        var reader = Reader(file: file)
        try reader.header(bytes)
        let dictionary = try TorchStateDictionary(try reader.pickle(bytes), file: file)
        let keys = try reader.storageKeys(bytes)
        let storages = try dictionary.storages()
        var ranges: [ExactText: Range<Int>] = [:]
        for key in keys {
            guard let storage = storages[ExactText(key)] else {
                throw .malformed(
                    file: file,
                    place: "storage keys",
                    found: "\(quoted(key)), which no tensor has",
                    expected: "only those of tensors"
                )
            }
            guard ranges.updateValue(try reader.elements(of: storage, bytes), forKey: ExactText(key)) == nil else {
                throw .malformed(
                    file: file,
                    place: "storage keys",
                    found: "\(quoted(key)) a second time",
                    expected: "each once"
                )
            }
        }
        guard reader.position == bytes.byteCount else {
            throw .malformed(
                file: file,
                place: "byte \(reader.position)",
                found: "\(bytes.byteCount - reader.position) more bytes",
                expected: "the end of the file"
            )
        }
        return try dictionary.tensors(at: ranges)
    }

    private struct Reader {
        let file: String
        var position = 0

        mutating func pickle(_ bytes: RawSpan) throws(ModelError) -> Unpickler.Result {
            let result = try Unpickler.load(from: bytes, at: position..<bytes.byteCount, file: file)
            position = result.end
            return result
        }

        mutating func header(_ bytes: RawSpan) throws(ModelError) {
            let magic = try pickle(bytes).value
            guard case .longInteger(magicNumber) = magic else {
                throw malformed("magic number", magic.kind, "PyTorch's")
            }
            let version = try pickle(bytes).value
            guard case .integer(protocolVersion) = version else {
                throw malformed("protocol version", version.kind, "\(protocolVersion)")
            }
            let system = try pickle(bytes)
            guard case .dictionary(let index) = system.value else {
                throw malformed("system information", system.value.kind, "a dictionary")
            }
            for (key, value) in system.objects.dictionaries[index] {
                if case .string("little_endian") = key, case .boolean(false) = value {
                    throw malformed("byte order", "big-endian", "little-endian")
                }
            }
        }

        mutating func storageKeys(_ bytes: RawSpan) throws(ModelError) -> [String] {
            let result = try pickle(bytes)
            guard case .list(let index) = result.value else {
                throw malformed("storage keys", result.value.kind, "a list")
            }
            var keys: [String] = []
            for value in result.objects.lists[index] {
                guard case .string(let key) = value else { throw malformed("storage keys", value.kind, "strings") }
                keys.append(key)
            }
            return keys
        }

        mutating func elements(of storage: TorchStorage, _ bytes: RawSpan) throws(ModelError) -> Range<Int> {
            let place = "storage \(quoted(storage.key)), byte \(position)"
            guard let count = bytes.integer(at: position, as: Int64.self) else {
                throw malformed(place, "the end of the file", "its element count")
            }
            guard count == Int64(storage.elementCount) else {
                throw malformed(place, "\(count) elements", "\(storage.elementCount), as the pickle says")
            }
            let start = position + 8
            let (size, overflow) = storage.elementCount.multipliedReportingOverflow(
                by: storage.scalarType.byteCount ?? 0
            )
            guard !overflow, size <= bytes.byteCount - start else {
                throw malformed(
                    place,
                    "\(bytes.byteCount - start) bytes left",
                    "\(storage.elementCount) elements of \(storage.scalarType)"
                )
            }
            position = start + size
            return start..<position
        }

        private func malformed(_ place: String, _ found: String, _ expected: String) -> ModelError {
            .malformed(file: file, place: place, found: found, expected: expected)
        }
    }
}
