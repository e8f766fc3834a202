package import HTTPTypes

/// A whole request: HTTP/1.1 and HTTP/2 give the same value, but for its version.
///
/// `head.authority` is the `Host` or `:authority`; neither `Host` nor the fields that concern one connection
/// only (`Connection`, `Transfer-Encoding`, …) are in `head.headerFields`. `head.path` is as it was sent, with
/// its query. The body is bounded by ``HTTPLimits/maxBodyBytes``; trailers are dropped.
package struct Request: Sendable {
    /// Method, scheme, authority, path and header fields.
    package var head: HTTPRequest
    /// The protocol version that it came in.
    package var version: HTTPVersion
    /// The body's bytes, chunk framing removed; empty when there was none.
    package var body: [UInt8]

    /// Whether the answer must carry no body (RFC 9110, 9.3.2).
    package var isHead: Bool { head.method == .head }

    /// A request; tests of the rooms above make them too.
    package init(head: HTTPRequest, version: HTTPVersion = .http11, body: [UInt8] = []) {
        self.head = head
        self.version = version
        self.body = body
    }
}
