import Foundation

/// Keeps the head of an answer.
///
/// Unchecked: used on URLSession's queue, then by whoever waited for that.
final class HeadSink: BodySink, @unchecked Sendable {
    private(set) var response: WebResponse?

    func begin(_ response: WebResponse) { self.response = response }

    func receive(_ bytes: Data) {}
}

/// Keeps an answer in memory.
///
/// Unchecked: used on URLSession's queue, then by whoever waited for that.
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

/// Puts a file's bytes where they belong, from wherever an attempt begins.
///
/// Unchecked: used on URLSession's queue, then by whoever waited for that, one attempt after another.
final class FileSink: BodySink, @unchecked Sendable {
    private let name: String
    private let expected: Int?
    private let limit: Int
    private let observer: PullObserver
    private var partial: PartialFile
    /// Whether parts of the file can be asked for.
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

    /// Bytes that are there.
    var count: Int { partial.size }

    /// Whether all of them are, as far as their number says.
    var isFull: Bool { partial.size == expected }

    /// Drops what is there.
    func restart() throws(HubError) { try partial.restart() }

    func begin(_ response: WebResponse) throws {
        if response.status == 206 {
            let range = response.fields.isIdentity ? response.fields.range : nil
            guard let range, range.start == partial.size, expected == nil || range.size ?? expected == expected else {
                takesRanges = false
                throw TransferError(reason: "another part came than was asked for", isPassing: true)
            }
        } else {
            // The whole, although a part was asked for.
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

    /// Checks what is there, and has it on the disk.
    func finish(_ checksum: Checksum?) throws {
        if let expected, partial.size < expected {
            throw TransferError(reason: "it ended after \(partial.size) of \(expected) bytes", isPassing: true)
        }
        try checksum?.check(partial, file: name)
        try partial.synchronize()
    }
}
