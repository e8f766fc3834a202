/// NumPy's file format, version 1.0 (numpy.lib.format): a header that says what follows, then a matrix's numbers.
package enum NumpyFile {
    /// The numbers begin at a multiple of this.
    private static let alignment = 64
    /// A header is at least so long, and so the same length for any number of rows: it can be written over.
    private static let minBytes = 128

    /// The bytes before a matrix of `rows` rows of float32, as long for any number of rows.
    package static func float32Header(rows: Int, columns: Int) -> [UInt8] {
        header(.float32, rows: rows, columns: columns)
    }

    /// The bytes before a matrix of `rows` rows.
    static func header(_ type: EmbeddingType, rows: Int, columns: Int) -> [UInt8] {
        let dictionary = "{'descr': '\(type.numpyName)', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        // The header's length takes two bytes, the line end one.
        let used = magic.count + 2 + dictionary.utf8.count + 1
        let padding = max(minBytes - used, 0) + (alignment - max(used, minBytes) % alignment) % alignment
        let length = dictionary.utf8.count + padding + 1
        return magic + [UInt8(length & 0xFF), UInt8(length >> 8)] + Array(dictionary.utf8)
            + Array(repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
    }
}

extension EmbeddingType {
    /// NumPy's name of the numbers' type.
    fileprivate var numpyName: String {
        switch self {
        case .float32: "<f4"
        case .float16: "<f2"
        case .int8, .binary: "|i1"
        case .uint8, .ubinary: "|u1"
        }
    }
}
