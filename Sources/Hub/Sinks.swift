import Foundation
import ModelCache

/// Stores the head of an answer.
///
/// Unchecked: used on URLSession's queue, then by the task that waited for the answer.
final class HeadSink: BodySink, @unchecked Sendable {
    private(set) var response: WebResponse?

    func begin(_ response: WebResponse) { self.response = response }

    func receive(_ bytes: Data) {}
}

/// Stores the body of an answer in memory.
///
/// Unchecked: used on URLSession's queue, then by the task that waited for the answer.
final class MemorySink: BodySink, @unchecked Sendable {
    private let name: String
    private let limit: Int
    private(set) var bytes: [UInt8] = []

    init(name: String, limit: Int) {
        self.name = name
        self.limit = limit
    }

    func begin(_ response: WebResponse) {}

    func receive(_ bytes: Data) throws {
        guard self.bytes.count + bytes.count <= limit else {
            throw HubError.tooLarge(file: name, bytes: self.bytes.count + bytes.count, limit: limit)
        }
        self.bytes += bytes
    }
}

/// Writes the bytes of an answer into a partial file, from the position where the attempt resumes.
///
/// Unchecked: used on URLSession's queue, then by the task that waited for the answer, one attempt after another.
final class FileSink: BodySink, @unchecked Sendable {
    private let name: String
    private let expected: Int?
    private let limit: Int
    private let observer: PullObserver
    private var partial: PartialFile
    /// Whether the server accepts requests for a range.
    private(set) var takesRanges = true

    /// - Throws: `tooLarge`, `diskFull`, `cacheFailed`.
    init(_ name: String, at path: String, size: Int?, limit: Int, observer: @escaping PullObserver) throws(HubError) {
        self.name = name
        self.expected = size
        self.limit = limit
        self.observer = observer
        if let size, size > limit { throw .tooLarge(file: name, bytes: size, limit: limit) }
        partial = try PartialFile(path: path)
        if let size {
            if partial.size > size { try partial.restart() }
            guard partial.hasRoom(for: size - partial.size) else {
                throw .diskFull(path: path, bytes: size - partial.size)
            }
        }
    }

    /// The number of bytes that are there.
    var count: Int { partial.size }

    /// Whether as many bytes are there as expected.
    var isFull: Bool { partial.size == expected }

    /// Discards all bytes.
    func restart() throws(HubError) { try partial.restart() }

    func begin(_ response: WebResponse) throws {
        if response.status == 206 {
            let range = response.fields.isIdentity ? response.fields.range : nil
            guard let range, range.start == partial.size, expected == nil || range.size ?? expected == expected else {
                takesRanges = false
                throw TransferError(reason: "the server sent another part than was requested", isPassing: true)
            }
        } else {
            // The server sends the whole file, although a range was asked for.
            if partial.size > 0 { try partial.restart() }
            if let expected, let length = response.fields.length, length != expected {
                throw HubError.wrongSize(file: name, bytes: length, expected: expected)
            }
        }
    }

    func receive(_ bytes: Data) throws {
        let count = partial.size + bytes.count
        if let expected, count > expected { throw HubError.wrongSize(file: name, bytes: count, expected: expected) }
        guard count <= limit else { throw HubError.tooLarge(file: name, bytes: count, limit: limit) }
        try unsafe bytes.withUnsafeBytes { try unsafe partial.append($0) }
        observer(.progressed(file: name, bytes: count, of: expected))
    }

    /// Checks the file and writes it to the disk itself.
    func finish(_ checksum: Checksum?) throws {
        if let expected, partial.size < expected {
            throw TransferError(reason: "it ended after \(partial.size) of \(expected) bytes", isPassing: true)
        }
        try checksum?.check(partial, file: name)
        try partial.synchronize()
    }
}
