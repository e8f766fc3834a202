/// The host and port of a request (RFC 3986, 3.2; RFC 9110, 4.2 and 7.2).
enum Authority {
    private static let colon = UInt8(ascii: ":")

    /// Whether `bytes` are `uri-host [":" port]` with a host that isn't empty and without user information, which
    /// RFC 9110, 4.2.4, has a server refuse.
    static func isValid(_ bytes: ArraySlice<UInt8>, requiresPort: Bool = false) -> Bool {
        guard let hostEnd = endOfHost(bytes) else { return false }
        let rest = bytes[hostEnd...]
        guard let first = rest.first else { return !requiresPort }
        guard first == colon else { return false }
        return isValidPort(rest.dropFirst(), mayBeEmpty: !requiresPort)
    }

    /// Whether two authorities are the same for HTTP: letter case aside, and an absent, empty or default port alike.
    static func areEqual(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
        normalized(one) == normalized(other)
    }

    private static func normalized(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var lowercased = bytes.map { ByteClass.isLetter($0) ? $0 | 0x20 : $0 }
        if lowercased.suffix(3).elementsEqual(":80".utf8) { lowercased.removeLast(2) }
        if lowercased.last == colon { lowercased.removeLast() }
        return lowercased
    }

    /// Where the host ends, or nil when there is none or it is malformed.
    private static func endOfHost(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = bytes.first else { return nil }
        if first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let literal = bytes[(bytes.startIndex + 1)..<close]
            return isIPLiteral(literal) ? close + 1 : nil
        }
        let end = bytes.firstIndex(of: colon) ?? bytes.endIndex
        guard end > bytes.startIndex, isRegisteredName(bytes[bytes.startIndex..<end]) else { return nil }
        return end
    }

    /// The inside of the brackets: hexadecimal digits, colons and dots of an IPv6 address. The address itself isn't
    /// looked up, so its groups aren't counted.
    private static func isIPLiteral(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.contains(colon)
            && bytes.allSatisfy { ByteClass.hexadecimal($0) != nil || $0 == colon || $0 == UInt8(ascii: ".") }
    }

    private static func isRegisteredName(_ bytes: ArraySlice<UInt8>) -> Bool {
        PercentEncoding.isValid(bytes) { ByteClass.isHostName($0) }
    }

    private static func isValidPort(_ bytes: ArraySlice<UInt8>, mayBeEmpty: Bool) -> Bool {
        guard !bytes.isEmpty else { return mayBeEmpty }
        // Five digits at most, so the sum can't overflow.
        guard bytes.count <= 5, bytes.allSatisfy({ ByteClass.isDigit($0) }) else { return false }
        return bytes.reduce(0) { $0 * 10 + Int($1) - 0x30 } <= 65_535
    }
}
