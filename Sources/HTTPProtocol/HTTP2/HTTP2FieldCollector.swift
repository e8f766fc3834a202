import HTTPTypes

/// A request's fields as HPACK gives them, up to their limits; then the head that they make. libnghttp2 has checked
/// what RFC 9113, 8, asks of HTTP/2 alone; what HTTP/1.1 is held to here is checked here again.
struct HTTP2FieldCollector {
    /// What RFC 9113, 6.5.2, adds to each field's size.
    private static let fieldOverhead = 32
    /// A field section this many times its limit is no mistake but an HPACK bomb: small on the wire, endless here.
    private static let bombFactor = 16

    private(set) var error: ProtocolError?
    /// Whether the fields are so many that decoding on isn't worth it.
    private(set) var isBomb = false

    private var method: [UInt8] = []
    private var scheme: [UInt8] = []
    private var authority: [UInt8]?
    private var path: [UInt8]?
    private var host: [UInt8]?
    private var length: [UInt8]?
    private var expectation: [UInt8]?
    private var fields = HTTPFields()
    private var size = 0
    private var count = 0

    var isHead: Bool { method.elementsEqual("HEAD".utf8) }

    mutating func append(name: Span<UInt8>, value: Span<UInt8>, limits: HTTPLimits) {
        let isPath = name.count == 5 && name[0] == UInt8(ascii: ":") && name[1] == UInt8(ascii: "p")
        size += name.count + value.count + Self.fieldOverhead
        count += 1
        if size > Self.bombFactor * (limits.maxHeaderBytes + limits.maxTargetBytes) { isBomb = true }
        guard error == nil else { return }
        if isPath, value.count > limits.maxTargetBytes {
            error = .targetTooLong(limit: limits.maxTargetBytes)
        } else if size > limits.maxHeaderBytes + limits.maxTargetBytes {
            error = .headTooLarge(limit: limits.maxHeaderBytes)
        } else if count > limits.maxHeaderFields + Self.pseudoFieldCount {
            error = .tooManyFields(limit: limits.maxHeaderFields)
        } else {
            store(name: Array(copying: name), value: Array(copying: value))
        }
    }

    private static let pseudoFieldCount = 4

    private mutating func store(name: [UInt8], value: [UInt8]) {
        guard name.first != UInt8(ascii: ":") else {
            if name.elementsEqual(":method".utf8) { method = value }
            if name.elementsEqual(":scheme".utf8) { scheme = value }
            if name.elementsEqual(":authority".utf8) { authority = value }
            if name.elementsEqual(":path".utf8) { path = value }
            return
        }
        guard let name = HTTPField.Name(String(decoding: name, as: UTF8.self)) else {
            error = .fieldNameMalformed
            return
        }
        guard value.allSatisfy({ ByteClass.isFieldValue($0) }) else {
            error = .fieldValueMalformed(name.canonicalName)
            return
        }
        switch name.canonicalName {
        case "host":
            if host != nil { error = .hostRepeated }
            host = value
        case "expect": expectation = value
        case "te": break
        case "content-length":
            length = value
            fields.append(HTTPField(name: name, value: value))
        default: fields.append(HTTPField(name: name, value: value))
        }
    }

    /// The head as a value, the same that HTTP/1.1 would give.
    func request() throws(ProtocolError) -> HTTPRequest {
        if let error { throw error }
        guard method.count <= RequestLineParser.maxMethodBytes else { throw .methodTooLong }
        guard let requestMethod = HTTPRequest.Method(String(decoding: method, as: UTF8.self)) else {
            throw .methodMalformed
        }
        guard requestMethod != .connect else { throw .connectUnsupported }
        guard TokenList.isEqual(scheme[...], "http") || TokenList.isEqual(scheme[...], "https"), let path else {
            throw .targetMalformed
        }
        let isServerWide = path.elementsEqual("*".utf8) && requestMethod == .options
        guard isServerWide || RequestTarget.isValidPath(path[...]) else { throw .targetMalformed }
        // RFC 9113, 8.3.1: where both are there they must agree.
        guard let authority = authority ?? host else { throw .hostMissing }
        guard Authority.isValid(authority[...]) else { throw .hostMalformed }
        if let host, !Authority.areEqual(host[...], authority[...]) { throw .hostContradictsTarget }
        return HTTPRequest(
            method: requestMethod,
            scheme: String(decoding: scheme, as: UTF8.self),
            authority: String(decoding: authority, as: UTF8.self),
            path: String(decoding: path, as: UTF8.self),
            headerFields: fields
        )
    }

    /// The Content-Length, where there is one.
    func contentLength() throws(ProtocolError) -> Int? {
        guard let length else { return nil }
        guard case .length(let count) = try BodyFraming(lengths: [length], codings: [], version: .http2) else {
            return nil
        }
        return count
    }

    /// Whether the client waits for a 100 before it sends the body (RFC 9110, 10.1.1).
    func expectsContinue() throws(ProtocolError) -> Bool {
        guard let expectation else { return false }
        guard TokenList.isEqual(expectation[...], "100-continue") else { throw .expectationUnsupported }
        return true
    }
}
