import Foundation
import JSON

/// Reading files whole, with errors that name them.
enum TokenizerFile {
    /// The largest file that is read: several times the largest published tokenizer.json.
    static let maximumBytes = 128 << 20

    /// Whether there is something at a path.
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The file's bytes, which are valid UTF-8. A byte order mark at the beginning is left out.
    static func read(_ path: String) throws(TokenizerError) -> [UInt8] {
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            data = try file.read(upToCount: maximumBytes + 1) ?? Data()
        } catch {
            throw .unreadableFile(path: path, reason: error.localizedDescription)
        }
        guard data.count <= maximumBytes else {
            throw .unreadableFile(path: path, reason: "it has more than the \(maximumBytes) bytes that are read")
        }
        let bytes = [UInt8](data)
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let line = 1 + bytes[..<error.byteOffsets.lowerBound].count { $0 == 0x0A }
            throw .malformedFile(
                path: path,
                reason: "not UTF-8: invalid byte \(error.byteOffsets.lowerBound) in line \(line)"
            )
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
    }

    /// The file's JSON value, which is an object.
    static func readObject(_ path: String) throws(TokenizerError) -> FileSection {
        let bytes = try read(path)
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes)
        } catch {
            throw .malformedFile(path: path, reason: "not JSON: \(error)")
        }
        return try FileSection(value, path: path, key: "")
    }
}
