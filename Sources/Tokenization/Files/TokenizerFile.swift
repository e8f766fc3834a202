import JSON
import ModelFiles

/// Reads a tokenizer's files whole, with errors that name them.
enum TokenizerFile {
    /// The most bytes of a file: several times the largest published tokenizer.json.
    static let maximumBytes = 128 << 20

    /// The file's bytes, which are valid UTF-8.
    static func read(_ path: String) throws(ModelError) -> [UInt8] {
        let bytes = try OpenFile.contents(ofFileOrPipe: path, limit: maximumBytes)
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let line = 1 + bytes[..<error.byteOffsets.lowerBound].count { $0 == 0x0A }
            throw .malformed(
                file: path,
                place: "line \(line)",
                found: "the invalid byte \(error.byteOffsets.lowerBound)",
                expected: "UTF-8"
            )
        }
        return bytes
    }

    /// The file's JSON object. A byte order mark before it does not count.
    static func readObject(_ path: String) throws(ModelError) -> JSONSection {
        let bytes = try read(path)
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return try JSONSection(bytes: bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes, path: path)
    }
}

extension JSONSection {
    /// The member `type`. Where there is none, `tokenizers` tells some types by a key that only they have.
    func type(of keys: [(key: String, type: String)]) throws(ModelError) -> String {
        if members["type"] == nil, let known = keys.first(where: { contains($0.key) }) { return known.type }
        return try string("type")
    }

    /// Throws unless the member `type` has one of these values.
    func requireType(_ supported: String...) throws(ModelError) {
        let type = try string("type")
        guard supported.contains(type) else {
            throw wrong("type", .string(type), expected: supported.joined(separator: " or "))
        }
    }
}
