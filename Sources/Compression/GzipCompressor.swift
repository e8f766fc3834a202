import CZlib

/// Compresses to gzip's format, piece by piece, with the least effort: numbers in decimal digits, which most of our
/// answers are, gain next to nothing by more.
package struct GzipCompressor: ~Copyable {
    private let stream: ZlibStream
    private var room: [UInt8]

    /// - Parameter expectedBytes: What is to be compressed in all, where that is known: a small answer needs no state
    ///   of 256 KB.
    package init(expectedBytes: Int? = nil) throws(CompressionError) {
        // The window need not be larger than what it slides over; 9 bits are zlib's least that works with gzip.
        let bits = expectedBytes.map { Int.bitWidth - max(0, $0 - 1).leadingZeroBitCount } ?? Self.largestWindowBits
        let windowBits = Int32(min(Self.largestWindowBits, max(9, bits)))
        stream = try ZlibStream(.compressing, windowBits: windowBits + 16, memoryLevel: windowBits - 7)
        room = [UInt8](repeating: 0, count: min(Self.roomBytes, max(512, expectedBytes ?? Self.roomBytes)))
    }

    private static let largestWindowBits = 15
    private static let roomBytes = 16 * 1024

    /// Takes the next piece; what can be sent by now, perhaps nothing. Nothing may follow the last piece.
    package mutating func add(_ piece: [UInt8], isLast: Bool) throws(CompressionError) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        while true {
            let (verdict, used, written) = stream.step(piece[position...], into: &room, isLast: isLast)
            position += used
            result += room[..<written]
            switch verdict {
            case Z_STREAM_END: return result
            // Without progress: all is taken in, and nothing more comes out.
            case Z_BUF_ERROR: return result
            case Z_OK: if !isLast, position == piece.count, written < room.count { return result }
            default: throw .library(code: verdict)
            }
        }
    }
}
