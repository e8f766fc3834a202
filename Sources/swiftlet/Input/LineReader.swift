/// Splits what a file or a pipe gives into lines as it comes, in memory for one line.
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
    /// Up to where the buffer is known to hold no further line end.
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

    /// Puts the next bytes behind what is left of the buffer.
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
    /// A line is no record, or has no field that is asked for.
    case badRecord(line: Int, reason: String)
    case readFailed(reason: String)
}
