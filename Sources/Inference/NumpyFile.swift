/// NumPy's file format, version 1.0 (numpy.lib.format): a header that says what follows, then a matrix's numbers.
package enum NumpyFile {
    /// The numbers begin at a multiple of this.
    private static let alignment = 64
    /// The least length of a header, in bytes. So a header has the same length for any number of rows, and can be
    /// written over.
    private static let minBytes = 128

    /// The header of a matrix of `rows` rows of float32. It has the same length for any number of rows.
    package static func float32Header(rows: Int, columns: Int) -> [UInt8] {
        header(type: "<f4", rows: rows, columns: columns)
    }

    /// The header of a matrix of `rows` rows.
    /// - Parameter type: NumPy's name of the numbers' type, such as `<f4`.
    package static func header(type: String, rows: Int, columns: Int) -> [UInt8] {
        let dictionary = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        // The header's length takes two bytes, the line end one.
        let used = magic.count + 2 + dictionary.utf8.count + 1
        let padding = max(minBytes - used, 0) + (alignment - max(used, minBytes) % alignment) % alignment
        let length = dictionary.utf8.count + padding + 1
        return magic + [UInt8(length & 0xFF), UInt8(length >> 8)] + Array(dictionary.utf8)
            + Array(repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
    }
}
