#if canImport(Glibc)
import Glibc
import ModelFiles
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Splits a file or a pipe into lines as bytes come, with one line in memory.
struct LineReader {
    /// A line may not be longer: as long as the body of a request may be by default.
    static let maxLineBytes = 8 * 1024 * 1024

    /// Number of lines given so far, which is the number of the last one.
    private(set) var lineNumber = 0
    private var buffer: [UInt8] = []
    /// Bytes that were before the buffer's first.
    private var dropped = 0
    /// Where the next line begins in the buffer.
    private var start = 0
    /// Position in the buffer before which no further line end is.
    private var searched = 0
    private var isAtEnd = false

    /// Bytes of all lines given so far, with their ends.
    var bytesConsumed: Int { dropped + start }

    /// The next line without its end (LF or CRLF), nil at the end. A last line needs no end.
    ///
    /// - Parameter read: gives the next bytes as soon as there are some, none at the end.
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

/// Why there is no further line. Lines count from 1.
enum LineError: Error, Equatable {
    case tooLong(line: Int)
    case notUTF8(line: Int)
    /// A line is not a record, or lacks a field that is asked for.
    case badRecord(line: Int, reason: String)
    case readFailed(reason: String)
}

/// A file, a pipe or a terminal that is read piece by piece. Closed with the value, unless it is standard input.
struct InputDescriptor: ~Copyable {
    /// Bytes asked for at once: a pipe holds no more on Linux.
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

    /// A terminal or a pipe that another program has set to non-blocking stays so for us.
    private func waitUntilReadable() {
        var descriptor = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, -1)
    }
}

/// read(2), which inside of ``InputDescriptor`` its own method hides.
private func systemRead(_ number: Int32, _ address: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(number, address, count)
}
