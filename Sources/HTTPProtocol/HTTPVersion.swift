/// The protocol version that a request came in.
package enum HTTPVersion: String, Sendable, Hashable, CaseIterable {
    /// HTTP/1.0: no chunked bodies, closes after each answer unless `Connection: keep-alive` was sent.
    case http10 = "HTTP/1.0"
    /// HTTP/1.1 (RFC 9112).
    case http11 = "HTTP/1.1"
    /// HTTP/2 (RFC 9113), over cleartext by prior knowledge.
    case http2 = "HTTP/2"
}
