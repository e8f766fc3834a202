/// Little-endian bytes.
func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<MemoryLayout<Value>.size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A safetensors file of any header, right or wrong.
func safetensors(_ header: String, data: [UInt8] = []) -> [UInt8] {
    littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
}

/// Pickle opcodes, written out.
enum Pickle {
    static let start: [UInt8] = [0x80, 2]
    static let stop: [UInt8] = Array(".".utf8)
    static let mark: [UInt8] = Array("(".utf8)

    static func string(_ text: String) -> [UInt8] {
        Array("X".utf8) + littleEndian(UInt32(text.utf8.count)) + text.utf8
    }
    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(Int64(value)) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func tuple(_ elements: [[UInt8]]) -> [UInt8] { mark + elements.joined() + Array("t".utf8) }
    static func list(_ elements: [[UInt8]]) -> [UInt8] { Array("](".utf8) + elements.joined() + Array("e".utf8) }
    static func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
        Array("}(".utf8) + items.flatMap { string($0.0) + $0.1 } + Array("u".utf8)
    }
    static func call(_ function: [UInt8], _ arguments: [[UInt8]]) -> [UInt8] {
        function + tuple(arguments) + Array("R".utf8)
    }

    /// A storage's persistent id; `view` as in legacy files.
    static func storage(_ key: String, count: Int, type: String = "FloatStorage", view: [UInt8]? = nil) -> [UInt8] {
        let fields = [string("storage"), global("torch", type), string(key), string("cpu"), integer(count)]
        return tuple(fields + (view.map { [$0] } ?? [])) + Array("Q".utf8)
    }

    static func tensor(_ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
        call(
            global("torch._utils", "_rebuild_tensor_v2"),
            [
                storage, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89],
                call(global("collections", "OrderedDict"), []),
            ]
        )
    }

    static func document(_ value: [UInt8]) -> [UInt8] { start + value + stop }
}

/// A legacy PyTorch file of any state and storages, right or wrong.
func legacyFile(_ state: [UInt8], keys: [String], storages: [UInt8], byteOrderFlag: UInt8 = 0x88) -> [UInt8] {
    let magic: [UInt8] = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    let pickles = [
        magic, Pickle.integer(1001), Pickle.dictionary([("little_endian", [byteOrderFlag])]), state,
        Pickle.list(keys.map(Pickle.string)),
    ]
    return pickles.flatMap(Pickle.document) + storages
}

/// A zip archive of stored entries.
struct ZipWriter {
    var entries: [(name: String, bytes: [UInt8])]
    var usesZip64 = false
    var method: UInt16 = 0
    var flags: UInt16 = 0
    var comment = ""

    func bytes() -> [UInt8] {
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for (name, bytes) in entries {
            let offset = out.count
            let nameBytes = Array(name.utf8)
            let common = littleEndian(flags) + littleEndian(method) + littleEndian(UInt64(0))
            let size = littleEndian(UInt32(bytes.count))
            let nameLength = littleEndian(UInt16(nameBytes.count))
            out += littleEndian(UInt32(0x0403_4B50)) + littleEndian(UInt16(20)) + common
            out += size + size + nameLength + littleEndian(UInt16(0)) + nameBytes + bytes
            var extra: [UInt8] = []
            if usesZip64 {
                extra = littleEndian(UInt16(1)) + littleEndian(UInt16(24)) + littleEndian(UInt64(bytes.count))
                extra += littleEndian(UInt64(bytes.count)) + littleEndian(UInt64(offset))
            }
            let saturated: [UInt8] = [255, 255, 255, 255]
            directory +=
                littleEndian(UInt32(0x0201_4B50)) + littleEndian(UInt16(20)) + littleEndian(UInt16(20)) + common
            directory += usesZip64 ? saturated + saturated : size + size
            directory += nameLength + littleEndian(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
            directory += (usesZip64 ? saturated : littleEndian(UInt32(offset))) + nameBytes + extra
        }
        let start = out.count
        out += directory
        if usesZip64 {
            let record = out.count
            out += littleEndian(UInt32(0x0606_4B50)) + littleEndian(UInt64(44)) + [UInt8](repeating: 0, count: 12)
            out += littleEndian(UInt64(entries.count)) + littleEndian(UInt64(entries.count))
            out += littleEndian(UInt64(directory.count)) + littleEndian(UInt64(start))
            out += littleEndian(UInt32(0x0706_4B50)) + littleEndian(UInt32(0)) + littleEndian(UInt64(record))
            out += littleEndian(UInt32(1))
        }
        let count = usesZip64 ? UInt16.max : UInt16(entries.count)
        out += littleEndian(UInt32(0x0605_4B50)) + littleEndian(UInt32(0)) + littleEndian(count) + littleEndian(count)
        out += littleEndian(usesZip64 ? UInt32.max : UInt32(directory.count))
        out += littleEndian(usesZip64 ? UInt32.max : UInt32(start))
        return out + littleEndian(UInt16(comment.utf8.count)) + Array(comment.utf8)
    }
}
