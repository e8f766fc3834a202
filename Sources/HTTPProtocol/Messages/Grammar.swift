/// Classes of bytes in the grammars of RFC 9110 and RFC 3986.
enum ByteClass {
    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09

    private static let tokenFlag: UInt8 = 1
    private static let pathFlag: UInt8 = 2
    private static let hostFlag: UInt8 = 4

    /// One byte of flags for each byte value.
    private static let flags: [UInt8] = (0...255).map { (value: Int) -> UInt8 in
        let byte = UInt8(value)
        let isAlphanumeric = isDigit(byte) || isLetter(byte)
        let isUnreserved = isAlphanumeric || "-._~".utf8.contains(byte)
        let isSubDelimiter = "!$&'()*+,;=".utf8.contains(byte)
        var flags: UInt8 = 0
        if isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(byte) { flags |= tokenFlag }
        if isUnreserved || isSubDelimiter || ":@/?%".utf8.contains(byte) { flags |= pathFlag }
        if isUnreserved || isSubDelimiter { flags |= hostFlag }
        return flags
    }

    /// tchar (RFC 9110, 5.6.2).
    static func isToken(_ byte: UInt8) -> Bool { flags[Int(byte)] & tokenFlag != 0 }

    /// field-vchar, space or tab (RFC 9110, 5.5): neither NUL nor CR nor LF nor another control character.
    static func isFieldValue(_ byte: UInt8) -> Bool { byte == tab || (byte >= space && byte != 0x7F) }

    /// Appends text, with spaces in place of bytes that a field's value cannot have.
    static func appendFieldValue(_ text: String.UTF8View, to bytes: inout [UInt8]) {
        // All at once, and then the rare bytes: a lazy map took a twentieth of a busy loop's time.
        let start = bytes.count
        bytes.append(contentsOf: text)
        for index in start..<bytes.count where !isFieldValue(bytes[index]) { bytes[index] = space }
    }

    /// pchar, "/", "?" and the "%" of an escape (RFC 3986, 3.3 and 3.4).
    static func isPathOrQuery(_ byte: UInt8) -> Bool { flags[Int(byte)] & pathFlag != 0 }

    /// unreserved or sub-delims (RFC 3986, 3.2.2): the bytes of a registered name, except for escapes.
    static func isHostName(_ byte: UInt8) -> Bool { flags[Int(byte)] & hostFlag != 0 }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A }

    /// The value of a hexadecimal digit.
    static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x41 + 10
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }

    static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || byte == tab }
}

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

/// Comma-separated lists in field values (RFC 9110, 5.6.1).
enum TokenList {
    /// The elements without the white space around them. Empty elements are kept, so that a caller can refuse them.
    static func elements(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(trimmed)
    }

    /// The value without the spaces and tabs at either end.
    static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var value = value
        while let first = value.first, ByteClass.isWhitespace(first) { value.removeFirst() }
        while let last = value.last, ByteClass.isWhitespace(last) { value.removeLast() }
        return value
    }

    /// Whether the bytes are the token, in any letter case. `token` must be lower-case ASCII.
    static func isEqual(_ bytes: ArraySlice<UInt8>, _ token: String) -> Bool {
        guard bytes.count == token.utf8.count else { return false }
        let lowercased = bytes.lazy.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        return lowercased.elementsEqual(token.utf8)
    }
}
