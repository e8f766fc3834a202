import HTTPTypes

/// Writes an answer's head in HTTP/1.1's form. Framing fields are ours alone, and no byte of a field can end its
/// line (RFC 9112, 11.1).
struct ResponseSerializer {
    /// How the answer's body is delimited.
    enum Body: Equatable {
        /// None, and no length either: 204 and 304.
        case none
        case length(Int)
        case chunked
        /// As it ends with the connection: HTTP/1.0.
        case untilClose
    }

    /// Fields of the handler's that are dropped: they say how the message is framed, which only we know.
    static let framingFields: Set<String> = [
        "connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    ]

    static func head(_ response: HTTPResponse, body: Body, version: HTTPVersion, keepsAlive: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes.append(contentsOf: "HTTP/1.1 ".utf8)
        bytes.append(contentsOf: String(response.status.code).utf8)
        bytes.append(ByteClass.space)
        append(reason(response.status).utf8, to: &bytes)
        endLine(&bytes)
        for field in response.headerFields where !framingFields.contains(field.name.canonicalName) {
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

    /// A chunk of a streamed body; an empty one would end it, so it gives nothing.
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

    /// The interim answer that lets a body come (RFC 9110, 15.2.1).
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

    /// Appends what may stand in a field line; anything else becomes a space. `HTTPField` has done so already: this
    /// holds whatever made the value.
    private static func append(_ text: String.UTF8View, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: text.lazy.map { ByteClass.isFieldValue($0) ? $0 : ByteClass.space })
    }

    private static func endLine(_ bytes: inout [UInt8]) {
        bytes.append(ByteClass.carriageReturn)
        bytes.append(ByteClass.lineFeed)
    }
}
