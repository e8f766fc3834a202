/// Collects one line that ends in CR LF, over as many reads as it takes; each byte is looked at once.
///
/// A CR or LF on its own is refused: RFC 9112, 2.2, lets a recipient take a bare LF for a line's end, and a
/// neighbour that doesn't would see another request than we do.
struct LineReader {
    /// Why no line came out.
    enum Failure: Error {
        case bareCarriageReturn, bareLineFeed, tooLong
    }

    /// The line so far, or when it is complete the whole of it, without its CR LF.
    private(set) var line: [UInt8] = []
    private var lastWasCarriageReturn = false

    /// Whether nothing of a line has been read.
    var isEmpty: Bool { line.isEmpty && !lastWasCarriageReturn }

    /// Reads on; true when the line is complete. `limit` is the most bytes a line may have.
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
                let room = limit - line.count
                guard room > 0 else { throw .tooLong }
                let end = Self.endOfRun(input, from: position, atMost: room)
                line.append(input.extracting(position..<end))
                position = end
            }
        }
        return false
    }

    /// Makes ready for the next line.
    mutating func reset() {
        line.removeAll(keepingCapacity: true)
        lastWasCarriageReturn = false
    }

    /// Where the bytes that are neither CR nor LF end.
    private static func endOfRun(_ input: Span<UInt8>, from start: Int, atMost count: Int) -> Int {
        let limit = start + min(count, input.count - start)
        var end = start
        while end < limit, input[end] != ByteClass.carriageReturn, input[end] != ByteClass.lineFeed { end += 1 }
        return end
    }
}
