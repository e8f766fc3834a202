import HTTPTypes

/// A request's head. It takes the field lines one by one, and then interprets the whole head.
struct RequestHead {
    private let line: RequestLineParser
    private var fields = HTTPFields()
    private var fieldCount = 0
    private var hosts: [[UInt8]] = []
    private var lengths: [[UInt8]] = []
    private var codings: [[UInt8]] = []
    private var expectations: [[UInt8]] = []
    private var hasClose = false
    private var hasKeepAlive = false

    var version: HTTPVersion { line.version }
    var isHead: Bool { line.method == .head }

    /// Whether the connection can take another request after this one (RFC 9112, 9.3).
    var keepsAlive: Bool {
        guard !hasClose else { return false }
        return version == .http11 || hasKeepAlive
    }

    init(_ line: RequestLineParser) {
        self.line = line
    }

    /// Adds a field line.
    mutating func append(_ line: [UInt8], limits: HTTPLimits) throws(ProtocolError) {
        let field = try FieldParser(line)
        fieldCount += 1
        guard fieldCount <= limits.maxHeaderFields else { throw .tooManyFields(limit: limits.maxHeaderFields) }
        switch field.name.canonicalName {
        case "host": hosts.append(Array(field.value))
        case "content-length":
            lengths.append(Array(field.value))
            fields.append(HTTPField(name: field.name, value: field.value))
        case "transfer-encoding": codings.append(Array(field.value))
        case "expect": expectations.append(Array(field.value))
        case "connection": readConnection(field.value)
        // Other fields that concern this connection only (RFC 9110, 7.6.1). `Upgrade: h2c` is one of them: a server
        // may ignore it (RFC 9110, 7.8).
        case "keep-alive", "proxy-connection", "te", "upgrade", "http2-settings": break
        default: fields.append(HTTPField(name: field.name, value: field.value))
        }
    }

    private mutating func readConnection(_ value: ArraySlice<UInt8>) {
        for option in TokenList.elements(value) {
            if TokenList.isEqual(option, "close") { hasClose = true }
            if TokenList.isEqual(option, "keep-alive") { hasKeepAlive = true }
        }
    }

    /// How the body is delimited.
    func framing() throws(ProtocolError) -> BodyFraming {
        try BodyFraming(lengths: lengths, codings: codings, version: version)
    }

    /// Whether the client waits for a 100 before it sends the body (RFC 9110, 10.1.1).
    func expectsContinue() throws(ProtocolError) -> Bool {
        // RFC 9110 says that a server ignores this field in HTTP/1.0.
        guard version == .http11, !expectations.isEmpty else { return false }
        guard expectations.count == 1, TokenList.isEqual(expectations[0][...], "100-continue") else {
            throw .expectationUnsupported
        }
        return true
    }

    /// The head as a value.
    func request() throws(ProtocolError) -> HTTPRequest {
        guard hosts.count <= 1 else { throw .hostRepeated }
        let host = hosts.first
        if let host {
            guard Authority.isValid(host[...]) else { throw .hostMalformed }
        } else if version == .http11 {
            throw .hostMissing
        }
        var authority = host
        var scheme = "http"
        let path: String
        switch line.target {
        case .origin(let target): path = target
        case .asterisk: path = "*"
        case .authority: throw .connectUnsupported
        case .absolute(let targetScheme, let targetAuthority, let targetPath):
            // RFC 9112, 3.2.2: the target's authority counts, and a different Host must be ignored.
            (scheme, authority, path) = (targetScheme, targetAuthority, targetPath)
        }
        return HTTPRequest(
            method: line.method,
            scheme: scheme,
            authority: authority.map { String(decoding: $0, as: UTF8.self) },
            path: path,
            headerFields: fields
        )
    }
}

/// The parts of a request line (RFC 9112, 3): method, target and version with exactly one space between them.
struct RequestLineParser {
    /// The most bytes of a request line in addition to its target: a method, two spaces and the version.
    static let overheadBytes = Request.maxMethodBytes + 2 + versionBytes
    private static let versionBytes = 8

    let method: HTTPRequest.Method
    let target: RequestTarget
    let version: HTTPVersion

    /// Parses a line. The parts are checked in order, except that the version is checked before the target: a client of
    /// another protocol should learn that its version is wrong, not that its target is malformed.
    init(_ line: [UInt8], maxTargetBytes: Int) throws(ProtocolError) {
        guard let methodEnd = line.firstIndex(of: ByteClass.space) else { throw .requestLineMalformed }
        let methodBytes = line[..<methodEnd]
        let rest = line[(methodEnd + 1)...]
        guard !methodBytes.isEmpty, methodBytes.allSatisfy({ ByteClass.isToken($0) }) else { throw .methodMalformed }
        guard let targetEnd = rest.firstIndex(of: ByteClass.space), targetEnd > rest.startIndex else {
            throw .requestLineMalformed
        }
        let targetBytes = rest[..<targetEnd]
        version = try Self.version(rest[(targetEnd + 1)...])
        guard methodBytes.count <= Request.maxMethodBytes else { throw .methodTooLong }
        guard targetBytes.count <= maxTargetBytes else { throw .targetTooLong(limit: maxTargetBytes) }
        guard let method = HTTPRequest.Method(String(decoding: methodBytes, as: UTF8.self)) else {
            throw .methodMalformed
        }
        self.method = method
        target = try RequestTarget(targetBytes, method: methodBytes)
    }

    /// Whether a line has the three parts of a request line and none of them is HTTP/1.x's: no known method, no path or
    /// URI, and no version of HTTP. A line with one part right is an HTTP/1.x client's mistake, and is answered 400.
    static func isForeign(_ line: [UInt8]) -> Bool {
        let parts = line.split(separator: ByteClass.space, omittingEmptySubsequences: false)
        // The "/" of a path, of a URI and of a version is no token byte.
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { ByteClass.isToken($0) } }) else {
            return false
        }
        return !knownMethods.contains(String(decoding: parts[0], as: UTF8.self)) && !parts[1].elementsEqual("*".utf8)
            && !TokenList.isEqual(parts[2].prefix(4), "http")
    }

    /// The methods of RFC 9110, 9, and RFC 5789.
    private static let knownMethods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ]

    /// `HTTP/` DIGIT `.` DIGIT, in capitals (RFC 9112, 2.3).
    private static func version(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) -> HTTPVersion {
        let start = bytes.startIndex
        guard bytes.count == versionBytes, bytes.prefix(5).elementsEqual("HTTP/".utf8),
            ByteClass.isDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."),
            ByteClass.isDigit(bytes[start + 7])
        else { throw .versionMalformed }
        guard bytes[start + 5] == UInt8(ascii: "1") else { throw .versionUnsupported }
        // RFC 9110, 2.5: a higher minor version is treated as ours.
        return bytes[start + 7] == UInt8(ascii: "0") ? .http10 : .http11
    }
}

/// The parts of a field line (RFC 9112, 5): a name that is a token, a colon right after it, and a value.
struct FieldParser {
    let name: HTTPField.Name
    /// The value without the white space around it.
    let value: ArraySlice<UInt8>

    init(_ line: [UInt8]) throws(ProtocolError) {
        // RFC 9112, 5.2: a server may refuse a folded line or replace the fold by spaces. We refuse it, so that there
        // is only one way to read a request.
        if let first = line.first, ByteClass.isWhitespace(first) { throw .fieldFolded }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .fieldMalformed }
        // White space before the colon has been used for request smuggling. It is refused, because white space is no
        // token byte (RFC 9112, 5.1).
        let nameBytes = line[..<colon]
        guard !nameBytes.isEmpty, nameBytes.allSatisfy({ ByteClass.isToken($0) }),
            let name = HTTPField.Name(String(decoding: nameBytes, as: UTF8.self))
        else { throw .fieldNameMalformed }
        let value = TokenList.trimmed(line[(colon + 1)...])
        guard value.allSatisfy({ ByteClass.isFieldValue($0) }) else {
            throw .fieldValueMalformed(name.canonicalName)
        }
        self.name = name
        self.value = value
    }
}
