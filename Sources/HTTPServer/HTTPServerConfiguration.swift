package import HTTPProtocol
package import TLS

/// What a server listens on, its threads and its limits. Immutable once the server is made.
package struct HTTPServerConfiguration: Sendable {
    /// Where to listen.
    package var addresses: [ListenAddress]
    /// The certificate of the TCP ports, which then speak TLS and nothing else; nil for plain HTTP. Unix sockets are
    /// plain always.
    package var certificates: CertificateStore?
    /// The limits of the protocols: sizes, counts, windows.
    package var limits = HTTPLimits()
    /// Event loop threads. One moves 60,000 small requests a second, more than four CPUs of inference answer. 0: the
    /// owner chooses by the CPU budget; a server that is given 0 takes 1.
    package var eventLoops = 0
    /// Requests that are decoded and answered at the same time, on threads beside the loops. 0: the owner takes the CPU
    /// budget; a server that is given 0 takes 1.
    package var requestThreads = 0

    /// Open connections, over all loops. Each costs about 2 KiB at rest with HTTP/1.1 and 16 KiB with HTTP/2
    /// (docs/reliability.md); a reverse proxy needs hundreds. A client above it is answered 503 with Retry-After and
    /// closed.
    package var maxConnections = 4096
    /// Connections of a burst that may wait in the kernel to be accepted (net.core.somaxconn caps the number).
    package var backlog = 1024

    /// From the start of a connection to the end of its TLS handshake, which takes two or three round trips.
    package var handshakeTimeout = Duration.seconds(10)
    /// From the first byte of a request to the end of its head. A client on any network sends 16 KiB in less.
    package var headTimeout = Duration.seconds(10)
    /// From the end of a head to the end of its body: a body that drips is cut as well as one that stops.
    package var bodyTimeout = Duration.seconds(30)
    /// For the client to take some more of an answer (``Connection/minimumWriteProgress``); after it the client is cut.
    package var writeTimeout = Duration.seconds(30)
    /// Between requests. Longer than the 60 s for which common load balancers keep a connection, so that they close
    /// first and never send into a closing one.
    package var idleTimeout = Duration.seconds(75)
    /// How long an HTTP/1.1 request whose client has finished sending is still worked on: a client that only
    /// half-closes waits for its answer; one that has gone looks the same until it is written to.
    package var halfCloseGrace = Duration.seconds(1)
    /// How long a finished connection waits for the client's own close, so that a last answer is not destroyed by
    /// the reset that bytes still on their way would provoke.
    package var lingerTimeout = Duration.seconds(2)

    /// Bytes of answers that may wait to be written on one HTTP/2 connection; above it the connection's further
    /// requests are not begun. (HTTP/1.1 has one answer at a time.)
    package var maxOutboundBytesPerConnection = 16 * 1024 * 1024
    /// Bytes of answers that may wait to be written on all connections; above it requests are refused with 503 and
    /// streamed answers pause: clients that do not read must not take the memory of the model.
    package var maxOutboundBytes = 256 * 1024 * 1024
    /// Bytes of request bodies, being read or in work, on all connections; above it requests are refused with 503, and
    /// bodies are read on one at a time.
    package var maxInboundBytes = 256 * 1024 * 1024

    /// The `Server` header field; nil for none.
    package var serverName: String?

    /// The defaults, each with its reason at the member.
    package init(addresses: [ListenAddress] = []) {
        self.addresses = addresses
    }
}
