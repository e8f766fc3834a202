/// Comma-separated lists in field values (RFC 9110, 5.6.1).
enum TokenList {
    /// The elements without white space around them; empty ones are kept, so that a caller may refuse them.
    static func elements(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(trimmed)
    }

    /// Without the spaces and tabs at either end.
    static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var value = value
        while let first = value.first, ByteClass.isWhitespace(first) { value.removeFirst() }
        while let last = value.last, ByteClass.isWhitespace(last) { value.removeLast() }
        return value
    }

    /// Compares without regard to letter case; `token` is lower-case ASCII.
    static func isEqual(_ bytes: ArraySlice<UInt8>, _ token: String) -> Bool {
        guard bytes.count == token.utf8.count else { return false }
        let lowercased = bytes.lazy.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        return lowercased.elementsEqual(token.utf8)
    }
}
