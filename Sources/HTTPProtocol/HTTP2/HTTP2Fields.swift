import CNghttp2
import HTTPTypes

/// Collects a request's fields as HPACK decodes them, up to their limits, and makes the request's head. libnghttp2 has
/// checked the rules of RFC 9113, 8, for HTTP/2. The rules that our HTTP/1.1 parser checks are checked here too.
struct HTTP2FieldCollector {
    /// The bytes that RFC 9113, 6.5.2, adds to each field's size.
    private static let fieldOverhead = 32
    /// If a field section is this many times larger than its limit, it is not a mistake but an HPACK bomb: a few bytes
    /// on the wire that decode without end.
    private static let bombFactor = 16

    private(set) var error: ProtocolError?
    /// Whether the fields are so large that decoding must stop.
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

    /// The head as a value. It is equal to the head that HTTP/1.1 gives for the same request.
    func request() throws(ProtocolError) -> HTTPRequest {
        if let error { throw error }
        guard method.count <= Request.maxMethodBytes else { throw .methodTooLong }
        guard let requestMethod = HTTPRequest.Method(String(decoding: method, as: UTF8.self)) else {
            throw .methodMalformed
        }
        guard requestMethod != .connect else { throw .connectUnsupported }
        guard TokenList.isEqual(scheme[...], "http") || TokenList.isEqual(scheme[...], "https"), let path else {
            throw .targetMalformed
        }
        let isServerWide = path.elementsEqual("*".utf8) && requestMethod == .options
        guard isServerWide || RequestTarget.isValidPath(path[...]) else { throw .targetMalformed }
        // RFC 9113, 8.3.1: if both are present, they must agree.
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

    /// The Content-Length; nil if there is none.
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

/// An answer's fields in libnghttp2's layout. Names are lower-case, bytes that a field line cannot have are replaced,
/// and fields that concern HTTP/1.1 connections are left out.
struct HeaderBlock: Sendable {
    private var bytes: [UInt8] = []
    /// The index in `bytes` at which each name and value ends.
    private var ends: [(name: Int, value: Int)] = []

    init(_ response: HTTPResponse, contentLength: Int?) {
        append(":status", String(response.status.code))
        for field in response.headerFields
        where !BodyFraming.fieldNames.contains(field.name.canonicalName) {
            append(field.name.canonicalName, field.value)
        }
        if let contentLength { append("content-length", String(contentLength)) }
    }

    /// The block of an interim answer.
    init(status: Int) {
        append(":status", String(status))
    }

    private mutating func append(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        let nameEnd = bytes.count
        // RFC 9113, 8.2.1: bytes that could end a line become spaces, and spaces at either end are removed.
        ByteClass.appendFieldValue(value.utf8, to: &bytes)
        if bytes.count > nameEnd,
            ByteClass.isWhitespace(bytes[nameEnd]) || ByteClass.isWhitespace(bytes[bytes.count - 1])
        {
            bytes.replaceSubrange(nameEnd..., with: Array(TokenList.trimmed(bytes[nameEnd...])))
        }
        ends.append((nameEnd, bytes.count))
    }

    /// Calls `body` with the fields. The library makes its own copy of the fields.
    func withFields(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Int32) -> Int32 {
        var bytes = bytes
        return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return NGHTTP2_ERR_INVALID_ARGUMENT.rawValue }
            var start = 0
            let fields = unsafe ends.map { end in
                defer { start = end.value }
                return unsafe nghttp2_nv(
                    name: base + start,
                    value: base + end.name,
                    namelen: end.name - start,
                    valuelen: end.value - end.name,
                    flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
                )
            }
            return unsafe fields.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
        }
    }
}
