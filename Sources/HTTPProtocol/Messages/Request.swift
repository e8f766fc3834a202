package import HTTPTypes

/// A whole request. HTTP/1.1 and HTTP/2 give the same value except for the version.
///
/// `head.authority` is the `Host` or `:authority`. `head.headerFields` has neither `Host` nor the fields that concern
/// one connection only (`Connection`, `Transfer-Encoding`, …). `head.path` is the path as it was sent, with its query.
/// The body is bounded by ``HTTPLimits/maxBodyBytes``. Trailers are dropped.
package struct Request: Sendable {
    /// Method, scheme, authority, path and header fields.
    package var head: HTTPRequest
    /// The protocol version of the request.
    package var version: HTTPVersion
    /// The body's bytes without chunk framing; empty if there was no body.
    package var body: [UInt8]
    /// The owner's plan, for a request that had a body; nil for a request without one.
    package var plan: (any RequestPlan)?

    /// Whether the method is HEAD, so that the answer must have no body (RFC 9110, 9.3.2).
    package var isHead: Bool { head.method == .head }

    /// The most bytes of a method's name. The longest registered method has 17 letters.
    static let maxMethodBytes = 32

    /// A request.
    package init(
        head: HTTPRequest,
        version: HTTPVersion = .http11,
        body: [UInt8] = [],
        plan: (any RequestPlan)? = nil
    ) {
        self.head = head
        self.version = version
        self.body = body
        self.plan = plan
    }
}

/// The protocol version of a request.
package enum HTTPVersion: String, Sendable, Hashable, CaseIterable {
    /// HTTP/1.0: it has no chunked bodies and closes after each answer unless `Connection: keep-alive` was sent.
    case http10 = "HTTP/1.0"
    /// HTTP/1.1 (RFC 9112).
    case http11 = "HTTP/1.1"
    /// HTTP/2 (RFC 9113), without TLS by prior knowledge.
    case http2 = "HTTP/2"
}

/// Makes the answer to a request that the protocol itself refuses, so that no handler sees it. The message says what
/// was found and what was expected.
package typealias OwnAnswerMaker = @Sendable (_ status: Int, _ message: String) -> Response

/// Judges a request by its head before its body has arrived. An answer refuses the request; a plan, or nil, accepts it.
/// It is not called for a request without a body: such a request is passed to the owner at once.
package typealias RequestAdmission = (HTTPRequest, AnnouncedBody) -> Verdict?
