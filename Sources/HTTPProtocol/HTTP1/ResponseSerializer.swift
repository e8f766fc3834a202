import HTTPTypes

/// Writes an answer's head in HTTP/1.1's form. Only this code writes framing fields, and it makes sure that no byte
/// inside a field can end the line (RFC 9112, 11.1).
struct ResponseSerializer {
    /// How the answer's body is delimited.
    enum Body: Equatable {
        /// There is no body, and no length is sent: 204 and 304.
        case none
        case length(Int)
        case chunked
        /// The body ends with the connection: HTTP/1.0.
        case untilClose
    }

    static func head(_ response: HTTPResponse, body: Body, version: HTTPVersion, keepsAlive: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes.append(contentsOf: "HTTP/1.1 ".utf8)
        bytes.append(contentsOf: String(response.status.code).utf8)
        bytes.append(ByteClass.space)
        append(reason(response.status).utf8, to: &bytes)
        endLine(&bytes)
        for field in response.headerFields where !BodyFraming.fieldNames.contains(field.name.canonicalName) {
            append(field.name, field.value, to: &bytes)
        }
        switch body {
        case .none, .untilClose: break
        case .length(let count): append(.contentLength, String(count), to: &bytes)
        case .chunked: append(.transferEncoding, "chunked", to: &bytes)
        }
        if !keepsAlive {
            append(.connection, "close", to: &bytes)
        } else if version == .http10 {
            append(.connection, "keep-alive", to: &bytes)
        }
        endLine(&bytes)
        return bytes
    }

    /// A chunk of a streamed body. If there is no data, nothing is written, because an empty chunk would end the body.
    static func chunk(_ data: [UInt8]) -> [UInt8] {
        guard !data.isEmpty else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 20)
        bytes.append(contentsOf: String(data.count, radix: 16).utf8)
        endLine(&bytes)
        bytes.append(contentsOf: data)
        endLine(&bytes)
        return bytes
    }

    /// The chunk that ends a streamed body.
    static let lastChunk = Array("0\r\n\r\n".utf8)

    /// The interim answer that asks for a request's body (RFC 9110, 15.2.1).
    static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private static func reason(_ status: HTTPResponse.Status) -> String {
        guard status.reasonPhrase.isEmpty else { return status.reasonPhrase }
        return ReasonPhrase.of(status.code)
    }

    private static func append(_ name: HTTPField.Name, _ value: String, to bytes: inout [UInt8]) {
        append(name.rawName.utf8, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(ByteClass.space)
        append(value.utf8, to: &bytes)
        endLine(&bytes)
    }

    /// Appends text of a field line. `HTTPField` already replaces bytes that would end the line; this makes sure of it
    /// for every value.
    private static func append(_ text: String.UTF8View, to bytes: inout [UInt8]) {
        ByteClass.appendFieldValue(text, to: &bytes)
    }

    private static func endLine(_ bytes: inout [UInt8]) {
        bytes.append(ByteClass.carriageReturn)
        bytes.append(ByteClass.lineFeed)
    }
}

/// Reason phrases (RFC 9110, 15), for people who read the bytes on the wire.
enum ReasonPhrase {
    static func of(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 424: "Failed Dependency"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
