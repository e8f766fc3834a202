#if canImport(Glibc)
import Glibc
import ModelFiles
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Splits the bytes of a file or a pipe into lines, with one line at a time in memory.
struct LineReader {
    /// The most bytes of a line: as many as the body of a request may have by default.
    static let maxLineBytes = 8 * 1024 * 1024

    /// The number of lines returned so far, which is also the number of the last line.
    private(set) var lineNumber = 0
    private var buffer: [UInt8] = []
    /// The number of bytes that were removed before the buffer's first byte.
    private var dropped = 0
    /// The index in the buffer at which the next line begins.
    private var start = 0
    /// The index in the buffer up to which no further line end was found.
    private var searched = 0
    private var isAtEnd = false

    /// The number of bytes of all lines returned so far, including line ends.
    var bytesConsumed: Int { dropped + start }

    /// The next line without its end (LF or CRLF), nil at the end. A last line needs no end.
    ///
    /// - Parameter read: returns the next bytes as soon as there are some; no bytes at the end.
    mutating func next(reading read: () throws(LineError) -> [UInt8]) throws(LineError) -> String? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { (start, searched) = (end + 1, end + 1) }
                return try line(endingAt: end)
            }
            searched = buffer.count
            guard buffer.count - start <= Self.maxLineBytes else { throw .tooLong(line: lineNumber + 1) }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return try line(endingAt: buffer.count)
            }
            try append(read())
        }
    }

    /// Appends the next bytes to what is left in the buffer.
    private mutating func append(_ piece: [UInt8]) {
        buffer.removeFirst(start)
        dropped += start
        (start, searched) = (0, searched - start)
        isAtEnd = piece.isEmpty
        buffer += piece
    }

    private mutating func line(endingAt end: Int) throws(LineError) -> String {
        lineNumber += 1
        var line = buffer[start..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard line.count <= Self.maxLineBytes else { throw .tooLong(line: lineNumber) }
        guard let text = String(validating: line, as: UTF8.self) else { throw .notUTF8(line: lineNumber) }
        return text
    }
}

/// The reason why there is no further line. Lines count from 1.
enum LineError: Error, Equatable {
    case tooLong(line: Int)
    case notUTF8(line: Int)
    /// A line is not a record, or lacks a wanted field.
    case badRecord(line: Int, reason: String)
    case readFailed(reason: String)
}

/// A file, a pipe or a terminal that is read piece by piece. It is closed when the value ends, unless it is standard
/// input.
struct InputDescriptor: ~Copyable {
    /// The number of bytes to read at once. A pipe holds no more on Linux.
    private static let pieceBytes = 64 * 1024

    private let number: Int32

    /// Whether standard input is a terminal, where a person should be told that texts are expected.
    static var isStandardInputTerminal: Bool { isatty(0) == 1 }

    static var standardInput: InputDescriptor { InputDescriptor(number: 0) }

    /// Opens the file at `path`.
    ///
    /// - Throws: `noInput`.
    init(path: String) throws(CommandError) {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw .noInput(path: path, reason: SystemError.text(errno)) }
        self.number = number
    }

    private init(number: Int32) { self.number = number }

    deinit {
        if number > 0 { close(number) }
    }

    /// The next bytes, as soon as there are some; none at the end.
    func read() throws(LineError) -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
                let result = unsafe systemRead(number, buffer.baseAddress, buffer.count)
                if result < 0 { failure = errno }
                count = max(0, result)
            }
            switch failure {
            case 0: return piece
            case EINTR: continue
            case EAGAIN: waitUntilReadable()
            default: throw .readFailed(reason: SystemError.text(failure))
            }
        }
    }

    /// Waits for input. This is needed if another program has set the terminal or pipe to non-blocking, because that
    /// holds for this program too.
    private func waitUntilReadable() {
        var descriptor = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, -1)
    }
}

/// Calls read(2). Inside ``InputDescriptor``, the type's own method hides that name.
private func systemRead(_ number: Int32, _ address: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(number, address, count)
}
