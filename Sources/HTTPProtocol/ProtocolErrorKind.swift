/// The kinds of protocol errors, as a label for metrics.
package enum ProtocolErrorKind: String, Sendable, Hashable, CaseIterable {
    /// Method, target or version of the request are malformed.
    case requestLine = "request_line"
    /// A header or trailer field is malformed, missing or must not be there.
    case field
    /// The body's length is ambiguous or its chunks are malformed: what smuggling attempts look like.
    case framing
    /// Head or target over their limits (414, 431).
    case headTooLarge = "head_too_large"
    /// Body over its limit (413).
    case bodyTooLarge = "body_too_large"
    /// A version, method, coding or expectation that isn't served (417, 501, 505).
    case unsupported
    /// The peer took too long (408).
    case timeout
    /// The peer closed in the middle of a request.
    case incomplete
    /// An HTTP/2 connection or stream error (RFC 9113, 5.4).
    case http2Protocol = "http2_protocol"
    /// More HTTP/2 frames of a kind that costs the peer nothing than its work earns.
    case http2Flood = "http2_flood"
    /// The HTTP/2 library failed on our side, by memory for instance.
    case internalFailure = "internal"
}
