/// Chunk extensions (RFC 9112, 7.1.1). None is known here: they are only held to their grammar, without the "bad
/// white space" that it allows and nobody should send.
enum ChunkExtensions {
    /// Whether `bytes` are `*( ";" token [ "=" ( token / quoted-string ) ] )`.
    static func areValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while let first = rest.first {
            guard first == UInt8(ascii: ";") else { return false }
            rest.removeFirst()
            guard skipToken(&rest) else { return false }
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            let isQuoted = rest.first == UInt8(ascii: "\"")
            guard isQuoted ? skipQuoted(&rest) : skipToken(&rest) else { return false }
        }
        return true
    }

    private static func skipToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let end = rest.firstIndex { !ByteClass.isToken($0) } ?? rest.endIndex
        guard end > rest.startIndex else { return false }
        rest = rest[end...]
        return true
    }

    /// quoted-string (RFC 9110, 5.6.4); `rest` begins with the opening quote.
    private static func skipQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest.removeFirst()
        var isEscaped = false
        while let byte = rest.popFirst() {
            guard ByteClass.isFieldValue(byte) else { return false }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                return true
            }
        }
        return false
    }
}
