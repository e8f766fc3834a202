import HTTPTypes

/// A request's head, taken line by line; then what follows from it as a whole.
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

    /// Whether the connection may take another request after this one (RFC 9112, 9.3).
    var keepsAlive: Bool {
        guard !hasClose else { return false }
        return version == .http11 || hasKeepAlive
    }

    init(_ line: RequestLineParser) {
        self.line = line
    }

    /// Takes one field line.
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
        // The others that concern this connection only (RFC 9110, 7.6.1). `Upgrade: h2c` is among them: it is
        // ignored, which a server may do (RFC 9110, 7.8).
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
        // RFC 9110 has a server ignore the field in HTTP/1.0.
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
            // RFC 9112, 3.2.2: the target's authority counts, and a Host that differs must be ignored.
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
