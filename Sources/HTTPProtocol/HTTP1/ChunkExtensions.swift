/// Chunk extensions (RFC 9112, 7.1.1). None is known here: they are only held to their grammar.
enum ChunkExtensions {
    /// Whether `bytes` are `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`. The "bad white space"
    /// must be parsed (RFC 9110, 5.6.3); behind the last extension, or where there is none, there may be none.
    static func areValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard skip(UInt8(ascii: ";"), in: &rest), skipToken(&rest) else { return false }
            guard skip(UInt8(ascii: "="), in: &rest) else { continue }
            let isQuoted = rest.first == UInt8(ascii: "\"")
            guard isQuoted ? skipQuoted(&rest) : skipToken(&rest) else { return false }
        }
        return true
    }

    /// Skips a separator and the white space around it; nothing at all where it isn't next.
    private static func skip(_ separator: UInt8, in rest: inout ArraySlice<UInt8>) -> Bool {
        let after = rest.drop(while: ByteClass.isWhitespace)
        guard after.first == separator else { return false }
        rest = after.dropFirst().drop(while: ByteClass.isWhitespace)
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
