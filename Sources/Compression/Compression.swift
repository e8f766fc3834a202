import CZlib

/// Compresses to gzip's format, piece by piece, at zlib's lowest level: most of our answers are decimal numbers, and a
/// higher level hardly makes them smaller.
package struct GzipCompressor: ~Copyable {
    private let stream: ZlibStream
    private var output: [UInt8]

    /// - Parameter expectedBytes: The total number of bytes to compress, if it is known: a small answer does not need
    ///   the full state of 256 KB.
    package init(expectedBytes: Int? = nil) throws(CompressionError) {
        // The window need not be larger than the data. 9 bits are the smallest window that zlib allows for gzip.
        let bits = expectedBytes.map { Int.bitWidth - max(0, $0 - 1).leadingZeroBitCount } ?? Self.largestWindowBits
        let windowBits = Int32(min(Self.largestWindowBits, max(9, bits)))
        stream = try ZlibStream(.compressing, windowBits: windowBits + 16, memoryLevel: windowBits - 7)
        output = [UInt8](repeating: 0, count: min(Self.outputBytes, max(512, expectedBytes ?? Self.outputBytes)))
    }

    private static let largestWindowBits = 15
    private static let outputBytes = 16 * 1024

    /// Compresses the next piece and returns the bytes that can be sent now, perhaps none. No piece may follow the
    /// last.
    package mutating func add(_ piece: [UInt8], isLast: Bool) throws(CompressionError) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        while true {
            let (verdict, used, written) = stream.step(piece[position...], into: &output, isLast: isLast)
            position += used
            result += output[..<written]
            switch verdict {
            case Z_STREAM_END: return result
            // No progress: all input is used, and no more output comes.
            case Z_BUF_ERROR: return result
            case Z_OK: if !isLast, position == piece.count, written < output.count { return result }
            default: throw .library(code: verdict)
            }
        }
    }
}

/// The compressed formats that can be read.
package enum CompressionFormat: Sendable {
    /// The gzip format (RFC 1952), with one member or several.
    case gzip
    /// The zlib format (RFC 1950), which HTTP calls deflate.
    case zlib

    /// zlib's parameter of this name: the largest window, plus 16 for gzip's header.
    fileprivate var windowBits: Int32 {
        switch self {
        case .gzip: 15 + 16
        case .zlib: 15
        }
    }
}

extension [UInt8] {
    /// The most bytes that one step decompresses. So a bomb is detected at most this many bytes over the limit.
    private static var stepBytes: Int { 64 * 1024 }

    /// Decompresses the bytes, to at most `limit` bytes. O(bytes read + bytes written).
    ///
    /// - Parameters:
    ///   - takeMemory: Called with the number of bytes before they are allocated; it throws to end the work.
    ///   - check: Called before each step, which takes a fraction of a millisecond; it throws to end the work.
    package func decompressed(
        as format: CompressionFormat,
        limit: Int,
        takeMemory: (Int) throws -> Void = { _ in },
        check: () throws -> Void = {}
    ) throws -> [UInt8] {
        let stream = try ZlibStream(.decompressing, windowBits: format.windowBits)
        var result: [UInt8] = []
        var output = [UInt8](repeating: 0, count: Self.stepBytes)
        var position = 0
        while true {
            try check()
            let (verdict, used, written) = stream.step(self[position...], into: &output)
            position += used
            guard written <= limit - result.count else { throw CompressionError.tooLarge(limit: limit) }
            if result.count + written > result.capacity {
                let capacity = Swift.min(limit, Swift.max(Self.stepBytes, 2 * result.capacity))
                try takeMemory(capacity - result.capacity)
                result.reserveCapacity(capacity)
            }
            result += output[..<written]
            switch verdict {
            case Z_OK: continue
            case Z_STREAM_END:
                guard position < count else { return result }
                guard format == .gzip else { throw CompressionError.trailingBytes }
                guard stream.restart() else { throw CompressionError.library(code: Z_STREAM_ERROR) }
            case Z_BUF_ERROR: throw CompressionError.truncated
            case Z_DATA_ERROR, Z_NEED_DICT: throw CompressionError.malformed
            default: throw CompressionError.library(code: verdict)
            }
        }
    }
}

/// The reason why bytes could not be compressed or decompressed.
package enum CompressionError: Error, Equatable, CustomStringConvertible {
    /// The bytes do not follow the format.
    case malformed
    /// The bytes end before the format's end.
    case truncated
    /// More bytes follow after the format's end.
    case trailingBytes
    /// The decompressed bytes would be more than the limit.
    case tooLarge(limit: Int)
    /// zlib failed, for lack of memory for instance; its code.
    case library(code: Int32)

    package var description: String {
        switch self {
        case .malformed: "the compressed bytes are malformed"
        case .truncated: "the compressed bytes end too soon"
        case .trailingBytes: "there are bytes after the end of the compressed ones"
        case .tooLarge(let limit): "the decompressed bytes are more than \(limit)"
        case .library(let code): "zlib failed with code \(code)"
        }
    }
}
