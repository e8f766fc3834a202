/// Collects a line that ends in CR LF, over any number of reads. Each byte is looked at once.
///
/// A CR or LF on its own is refused. RFC 9112, 2.2, permits a recipient to accept a bare LF as a line's end, but
/// another server on the way may not accept it, and would then see a different request.
struct LineReader {
    /// The reason why a line is refused.
    enum Failure: Error {
        case bareCarriageReturn, bareLineFeed, tooLong
    }

    /// The line as far as it has been read, without its CR LF.
    private(set) var line: [UInt8] = []
    private var lastWasCarriageReturn = false

    /// Whether no byte of a line has been read.
    var isEmpty: Bool { line.isEmpty && !lastWasCarriageReturn }

    /// Reads the next bytes. Returns true when the line is complete. `limit` is the most bytes of a line.
    mutating func read(_ input: Span<UInt8>, at position: inout Int, limit: Int) throws(Failure) -> Bool {
        while position < input.count {
            let byte = input[position]
            if lastWasCarriageReturn {
                guard byte == ByteClass.lineFeed else { throw .bareCarriageReturn }
                position += 1
                lastWasCarriageReturn = false
                return true
            }
            switch byte {
            case ByteClass.carriageReturn:
                lastWasCarriageReturn = true
                position += 1
            case ByteClass.lineFeed:
                throw .bareLineFeed
            default:
                let capacity = limit - line.count
                guard capacity > 0 else { throw .tooLong }
                let end = Self.endOfRun(input, from: position, atMost: capacity)
                line.append(input.extracting(position..<end))
                position = end
            }
        }
        return false
    }

    /// Prepares for the next line.
    mutating func reset() {
        line.removeAll(keepingCapacity: true)
        lastWasCarriageReturn = false
    }

    /// The index of the next CR or LF, or of the end of the bytes that may be read.
    private static func endOfRun(_ input: Span<UInt8>, from start: Int, atMost count: Int) -> Int {
        let limit = start + min(count, input.count - start)
        var end = start
        while end < limit, input[end] != ByteClass.carriageReturn, input[end] != ByteClass.lineFeed { end += 1 }
        return end
    }
}
