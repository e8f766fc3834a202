package import HTTPProtocol

/// What a server has done and is doing, for metrics: a snapshot, each number read by itself.
package struct HTTPServerStatistics: Sendable, Equatable {
    /// Connections open now.
    package var openConnections = 0
    /// Connections accepted and served.
    package var acceptedConnections = 0
    /// Connections refused: over the limit of connections, or no descriptor left.
    package var refusedConnections = 0
    /// Times that accepting paused because descriptors or memory were exhausted.
    package var acceptPauses = 0
    /// Requests handed out by the protocols.
    package var requests = 0
    /// HTTP/2 requests handed out and not yet fully answered, now.
    package var openHTTP2Streams = 0
    /// Requests in work now.
    package var requestsInFlight = 0
    /// Requests whose client went before the answer.
    package var cancelledRequests = 0
    /// Requests answered with 503 because too many bytes wait to be written, or are held in bodies.
    package var overloadedRequests = 0
    /// TLS handshakes done.
    package var tlsHandshakes = 0
    /// TLS handshakes that failed or took too long, and plain HTTP that came instead.
    package var tlsFailures = 0
    /// When the certificate in use ends, in seconds since 1970; 0 without TLS.
    package var certificateExpiry = 0
    /// Bytes read from clients; with TLS, those inside of it.
    package var bytesReceived = 0
    /// Bytes written to clients; with TLS, those inside of it.
    package var bytesSent = 0
    /// Bytes of answers that wait to be written, now.
    package var outboundBytes = 0
    /// Bytes of request bodies on their way or in work, now.
    package var inboundBytes = 0
    /// Connections and streams cut by a time limit.
    package var timeouts: [TimeLimit: Int] = [:]
    /// Errors by the protocol's kinds; every kind is there.
    package var protocolErrors: [ProtocolErrorKind: Int] = [:]

    /// Nothing done yet.
    package init() {}
}

/// The time limits of a server's configuration, as a label for metrics.
package enum TimeLimit: String, Sendable, Hashable, CaseIterable {
    case handshake
    case head
    case body
    case write
    case idle
    case halfClose = "half_close"
    /// Streams of HTTP/2, whose body dripped or whose answer was not taken.
    case stream
}
