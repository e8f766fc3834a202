import CZlib

/// The compressed formats that are read.
package enum CompressionFormat: Sendable {
    /// gzip's (RFC 1952), of one part or several.
    case gzip
    /// zlib's (RFC 1950), which HTTP calls deflate.
    case zlib

    /// What zlib calls the window's bits: the largest window, and 16 more for gzip's header.
    fileprivate var windowBits: Int32 {
        switch self {
        case .gzip: 15 + 16
        case .zlib: 15
        }
    }
}

extension [UInt8] {
    /// How much the result grows at once: a bomb is noticed before it has grown by more than this over its limit.
    private static var stepBytes: Int { 64 * 1024 }

    /// The bytes that these were compressed from, at most `limit` of them. O(bytes read + bytes written).
    package func decompressed(as format: CompressionFormat, limit: Int) throws(CompressionError) -> [UInt8] {
        let stream = try ZlibStream(.decompressing, windowBits: format.windowBits)
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: Self.stepBytes)
        var position = 0
        while true {
            let (verdict, used, written) = stream.step(self[position...], into: &room)
            position += used
            guard written <= limit - result.count else { throw .tooLarge(limit: limit) }
            result += room[..<written]
            switch verdict {
            case Z_OK: continue
            case Z_STREAM_END:
                guard position < count else { return result }
                guard format == .gzip else { throw .trailingBytes }
                guard stream.restart() else { throw .library(code: Z_STREAM_ERROR) }
            case Z_BUF_ERROR: throw .truncated
            case Z_DATA_ERROR, Z_NEED_DICT: throw .malformed
            default: throw .library(code: verdict)
            }
        }
    }
}
