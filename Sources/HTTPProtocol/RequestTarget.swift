/// A request's target in one of its four forms (RFC 9112, 3.2).
enum RequestTarget: Equatable {
    /// `/path?query`.
    case origin(String)
    /// `http://host/path`: what a proxy is sent, and an origin server must accept.
    case absolute(scheme: String, authority: [UInt8], path: String)
    /// `host:port`, with CONNECT only.
    case authority
    /// `*`, with OPTIONS only.
    case asterisk

    /// The form follows from the method and the first byte; bytes that a URI can't hold are refused, because the
    /// next hop may read them otherwise.
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
                // RFC 9112, 3.2.4: no path at all is the asterisk form to OPTIONS, and "/" to the others.
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
