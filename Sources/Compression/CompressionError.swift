/// Why bytes could not be decompressed, or zlib not be used.
package enum CompressionError: Error, Equatable, CustomStringConvertible {
    /// They are not of the format.
    case malformed
    /// They end too soon.
    case truncated
    /// There are further bytes behind the end.
    case trailingBytes
    /// Decompressed there would be more bytes than the limit.
    case tooLarge(limit: Int)
    /// zlib failed, by memory for instance: its code.
    case library(code: Int32)

    package var description: String {
        switch self {
        case .malformed: "the compressed bytes are malformed"
        case .truncated: "the compressed bytes end too soon"
        case .trailingBytes: "there are bytes behind the end of the compressed ones"
        case .tooLarge(let limit): "decompressed it is larger than \(limit) bytes"
        case .library(let code): "zlib failed with code \(code)"
        }
    }
}
