/// Percent escapes (RFC 3986, 2.1).
enum PercentEncoding {
    /// Whether every byte is allowed or part of a `%` escape with two hexadecimal digits.
    static func isValid(_ bytes: ArraySlice<UInt8>, where isAllowed: (UInt8) -> Bool) -> Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%") {
                guard bytes.endIndex - index > 2, ByteClass.hexadecimal(bytes[index + 1]) != nil,
                    ByteClass.hexadecimal(bytes[index + 2]) != nil
                else { return false }
                index += 3
            } else {
                guard isAllowed(bytes[index]) else { return false }
                index += 1
            }
        }
        return true
    }
}
