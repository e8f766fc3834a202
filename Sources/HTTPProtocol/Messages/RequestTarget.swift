/// A request's target in one of its four forms (RFC 9112, 3.2).
enum RequestTarget: Equatable {
    /// `/path?query`.
    case origin(String)
    /// `http://host/path`: clients send it to proxies, and an origin server must accept it.
    case absolute(scheme: String, authority: [UInt8], path: String)
    /// `host:port`, with CONNECT only.
    case authority
    /// `*`, with OPTIONS only.
    case asterisk

    /// Reads a target. The method and the first byte decide the form. Bytes that a URI cannot have are refused, because
    /// another server on the way may read them differently.
    init(_ bytes: ArraySlice<UInt8>, method: ArraySlice<UInt8>) throws(ProtocolError) {
        if method.elementsEqual("CONNECT".utf8) {
            guard Authority.isValid(bytes, requiresPort: true) else { throw .targetMalformed }
            self = .authority
        } else if bytes.elementsEqual("*".utf8) {
            guard method.elementsEqual("OPTIONS".utf8) else { throw .targetMalformed }
            self = .asterisk
        } else if bytes.first == UInt8(ascii: "/") {
            guard Self.isValidPath(bytes) else { throw .targetMalformed }
            self = .origin(String(decoding: bytes, as: UTF8.self))
        } else {
            self = try Self.absolute(bytes, method: method)
        }
    }

    /// Whether `bytes` are an absolute path with an optional query.
    static func isValidPath(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.first == UInt8(ascii: "/") && PercentEncoding.isValid(bytes) { ByteClass.isPathOrQuery($0) }
    }

    private static func absolute(
        _ bytes: ArraySlice<UInt8>,
        method: ArraySlice<UInt8>
    ) throws(ProtocolError) -> RequestTarget {
        for scheme in ["http", "https"] {
            let prefix = scheme + "://"
            guard TokenList.isEqual(bytes.prefix(prefix.utf8.count), prefix) else { continue }
            let rest = bytes.dropFirst(prefix.utf8.count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            let authority = rest[rest.startIndex..<end]
            var path = Array(rest[end...])
            if path.first != UInt8(ascii: "/") {
                // RFC 9112, 3.2.4: an absent path means the asterisk form with OPTIONS, and "/" with other methods.
                let isServerWide = path.isEmpty && method.elementsEqual("OPTIONS".utf8)
                path.insert(UInt8(ascii: isServerWide ? "*" : "/"), at: 0)
                if isServerWide, Authority.isValid(authority) {
                    return .absolute(scheme: scheme, authority: Array(authority), path: "*")
                }
            }
            guard Authority.isValid(authority), isValidPath(path[...]) else { throw .targetMalformed }
            return .absolute(
                scheme: scheme,
                authority: Array(authority),
                path: String(decoding: path, as: UTF8.self)
            )
        }
        throw .targetMalformed
    }
}

/// The host and port of a request (RFC 3986, 3.2; RFC 9110, 4.2 and 7.2).
enum Authority {
    private static let colon = UInt8(ascii: ":")

    /// Whether `bytes` are `uri-host [":" port]` with a host that is not empty. User information is refused, as
    /// RFC 9110, 4.2.4, asks of a server.
    static func isValid(_ bytes: ArraySlice<UInt8>, requiresPort: Bool = false) -> Bool {
        guard let hostEnd = endOfHost(bytes) else { return false }
        let rest = bytes[hostEnd...]
        guard let first = rest.first else { return !requiresPort }
        guard first == colon else { return false }
        return isValidPort(rest.dropFirst(), mayBeEmpty: !requiresPort)
    }

    /// Whether two authorities are equal by HTTP's rules: letter case is ignored, and an absent port, an empty port and
    /// the default port are equal.
    static func areEqual(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
        normalized(one) == normalized(other)
    }

    private static func normalized(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var lowercased = bytes.map { ByteClass.isLetter($0) ? $0 | 0x20 : $0 }
        if lowercased.suffix(3).elementsEqual(":80".utf8) { lowercased.removeLast(2) }
        if lowercased.last == colon { lowercased.removeLast() }
        return lowercased
    }

    /// The index at which the host ends; nil if there is no host or it is malformed.
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

    /// Whether the text between the brackets has only the hexadecimal digits, colons and dots of an IPv6 address. The
    /// address is never used, so its groups are not counted.
    private static func isIPLiteral(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.contains(colon)
            && bytes.allSatisfy { ByteClass.hexadecimal($0) != nil || $0 == colon || $0 == UInt8(ascii: ".") }
    }

    private static func isRegisteredName(_ bytes: ArraySlice<UInt8>) -> Bool {
        PercentEncoding.isValid(bytes) { ByteClass.isHostName($0) }
    }

    private static func isValidPort(_ bytes: ArraySlice<UInt8>, mayBeEmpty: Bool) -> Bool {
        guard !bytes.isEmpty else { return mayBeEmpty }
        // At most five digits, so the sum cannot overflow.
        guard bytes.count <= 5, bytes.allSatisfy({ ByteClass.isDigit($0) }) else { return false }
        return bytes.reduce(0) { $0 * 10 + Int($1) - 0x30 } <= 65_535
    }
}
