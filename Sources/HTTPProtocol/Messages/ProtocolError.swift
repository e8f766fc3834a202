/// The error of a request that cannot be accepted: its status, its kind for metrics, and a message that says what was
/// found and what was expected. In HTTP/1.1 every such error closes the connection after the answer, because the bytes
/// that follow may not be a request.
enum ProtocolError: Error, Equatable {
    // Lines (RFC 9112, 2.2)
    case bareCarriageReturn, bareLineFeed
    // Request line (RFC 9112, 3)
    case requestLineMalformed, methodMalformed, methodTooLong, targetMalformed, targetTooLong(limit: Int)
    case versionMalformed, versionUnsupported, connectUnsupported
    // Fields (RFC 9112, 5; RFC 9110, 5)
    case fieldMalformed, fieldNameMalformed, fieldFolded, fieldValueMalformed(String)
    case hostMissing, hostRepeated, hostMalformed, hostContradictsTarget
    case headTooLarge(limit: Int), tooManyFields(limit: Int)
    // Body framing (RFC 9112, 6 and 7)
    case contentLengthMalformed, contentLengthRepeated, contentLengthWithTransferEncoding
    case transferEncodingMalformed, transferEncodingInHTTP10, transferCodingUnsupported
    case chunkSizeMalformed, chunkSizeTooLarge, chunkExtensionMalformed, chunkExtensionsTooLong(limit: Int)
    case chunkDataNotTerminated
    case bodyTooLarge(limit: Int)
    // The rest
    case expectationUnsupported, timedOut, incomplete
}

extension ProtocolError {
    /// The status of the answer.
    var status: Int {
        switch self {
        case .timedOut: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .expectationUnsupported: 417
        case .headTooLarge, .tooManyFields: 431
        case .methodTooLong, .connectUnsupported, .transferCodingUnsupported: 501
        case .versionUnsupported: 505
        default: 400
        }
    }

    /// The label for metrics.
    var kind: ProtocolErrorKind {
        switch self {
        case .bareCarriageReturn, .bareLineFeed, .requestLineMalformed, .methodMalformed, .targetMalformed,
            .versionMalformed:
            .requestLine
        case .fieldMalformed, .fieldNameMalformed, .fieldFolded, .fieldValueMalformed, .hostMissing, .hostRepeated,
            .hostMalformed, .hostContradictsTarget:
            .field
        case .contentLengthMalformed, .contentLengthRepeated, .contentLengthWithTransferEncoding,
            .transferEncodingMalformed, .transferEncodingInHTTP10, .chunkSizeMalformed, .chunkSizeTooLarge,
            .chunkExtensionMalformed, .chunkExtensionsTooLong, .chunkDataNotTerminated:
            .framing
        case .headTooLarge, .tooManyFields, .targetTooLong: .headTooLarge
        case .bodyTooLarge: .bodyTooLarge
        case .methodTooLong, .versionUnsupported, .connectUnsupported, .transferCodingUnsupported,
            .expectationUnsupported:
            .unsupported
        case .timedOut: .timeout
        case .incomplete: .incomplete
        }
    }
}

extension ProtocolError: CustomStringConvertible {
    var description: String {
        switch self {
        case .bareCarriageReturn: "a carriage return without a line feed; lines end in CR LF"
        case .bareLineFeed: "a line feed without a carriage return; lines end in CR LF"
        case .requestLineMalformed: "malformed request line; expected: method, one space, target, one space, HTTP/1.1"
        case .methodMalformed: "the request method is not a token"
        case .methodTooLong: "the request method is not known here"
        case .targetMalformed: "malformed request target; expected a path such as /embed, in ASCII, percent-encoded"
        case .targetTooLong(let limit): "the request target is longer than \(limit) bytes"
        case .versionMalformed: "malformed protocol version; expected HTTP/1.1"
        case .versionUnsupported: "unsupported protocol version; expected HTTP/1.1 or HTTP/1.0"
        case .connectUnsupported: "CONNECT is not supported: this is not a proxy"
        case .fieldMalformed: "a header line without a colon"
        case .fieldNameMalformed: "a header name that is empty or not a token, or has a space before the colon"
        case .fieldFolded: "a header line that begins with white space; folded headers are not accepted"
        case .fieldValueMalformed(let name): "the value of header '\(name)' has a control character"
        case .hostMissing: "the Host header is missing"
        case .hostRepeated: "more than one Host header"
        case .hostMalformed: "malformed host; expected a name or an address, optionally with a port"
        case .hostContradictsTarget: "the Host header and :authority name different hosts"
        case .headTooLarge(let limit): "the request headers are larger than \(limit) bytes"
        case .tooManyFields(let limit): "more than \(limit) request headers"
        case .contentLengthMalformed: "malformed Content-Length; expected decimal digits"
        case .contentLengthRepeated: "more than one Content-Length"
        case .contentLengthWithTransferEncoding: "both Content-Length and Transfer-Encoding"
        case .transferEncodingMalformed: "malformed Transfer-Encoding; expected chunked"
        case .transferEncodingInHTTP10: "Transfer-Encoding in an HTTP/1.0 request"
        case .transferCodingUnsupported: "unsupported transfer coding; only chunked is known here"
        case .chunkSizeMalformed: "malformed chunk size; expected hexadecimal digits"
        case .chunkSizeTooLarge: "the chunk size is too large"
        case .chunkExtensionMalformed: "malformed chunk extension"
        case .chunkExtensionsTooLong(let limit): "more than \(limit) bytes of chunk extensions"
        case .chunkDataNotTerminated: "a chunk's data is not followed by CR LF"
        case .bodyTooLarge(let limit): "the request body is larger than \(limit) bytes"
        case .expectationUnsupported: "unsupported expectation; only 100-continue is known here"
        case .timedOut: "the request took too long to arrive"
        case .incomplete: "the connection was closed in the middle of a request"
        }
    }
}

/// The kinds of protocol errors, as a label for metrics.
package enum ProtocolErrorKind: String, Sendable, Hashable, CaseIterable {
    /// The method, target or version of the request is malformed.
    case requestLine = "request_line"
    /// A header or trailer field is malformed, missing or not allowed.
    case field
    /// The body's length is ambiguous or its chunks are malformed, as in request smuggling.
    case framing
    /// The head or the target is over its limit (414, 431).
    case headTooLarge = "head_too_large"
    /// The body is over its limit (413).
    case bodyTooLarge = "body_too_large"
    /// The version, method, coding or expectation is not supported (417, 501, 505).
    case unsupported
    /// The peer took too long (408).
    case timeout
    /// The peer closed the connection in the middle of a request.
    case incomplete
    /// An HTTP/2 connection or stream error (RFC 9113, 5.4).
    case http2Protocol = "http2_protocol"
    /// The peer sent more HTTP/2 frames that cost it nothing than its requests earn; see `FloodGuard`.
    case http2Flood = "http2_flood"
    /// The HTTP/2 library failed on our side, for lack of memory for instance.
    case internalFailure = "internal"
}
