package import HTTPProtocol
package import TLS

/// The configuration of a server: its addresses, its threads and its limits. It does not change once the server is
/// made.
package struct HTTPServerConfiguration: Sendable {
    /// The addresses to listen on.
    package var addresses: [ListenAddress]
    /// The certificate of the TCP ports, which then speak TLS and nothing else; nil for plain HTTP. Unix sockets never
    /// use TLS.
    package var certificates: CertificateStore?
    /// The limits of the protocols: sizes, counts, windows.
    package var limits = HTTPLimits()
    /// Event loop threads. One thread moves 60,000 small requests a second, more than four CPUs can compute. 0: the
    /// owner chooses by the CPU budget; a server that is given 0 takes 1.
    package var eventLoops = 0
    /// The beginning of the event loops' names, which the system shows up to 15 characters.
    package var threadName = "swiftlet-loop"
    /// The number of requests that are decoded and answered at the same time, on threads other than the loops'. 0: the
    /// owner takes the CPU budget; a server that is given 0 takes 1.
    package var requestThreads = 0

    /// Most open connections, over all loops. An idle one costs about 2 KiB with HTTP/1.1 and 16 KiB with HTTP/2
    /// (docs/reliability.md). For a client beyond this number, the connection that has been idle for longest is closed.
    /// If there is none, the client's work gets 503 with Retry-After. 0: as many as ``connectionMemory`` and the
    /// descriptors allow (``ConnectionCapacity``).
    package var maxConnections = 0
    /// The descriptors that are kept for other uses than connections: loops, listeners, a model's files while it is
    /// loaded, and files that libraries open for a moment. Descriptors that are open at the start are not counted.
    package var otherDescriptors = 32
    /// Bytes that idle connections may take, where ``maxConnections`` is 0; 0: no limit.
    package var connectionMemory = 0
    /// Most open connections of one IPv4 address or one IPv6 /64, over all loops. Further ones are treated like those
    /// beyond ``maxConnections``. 0: no limit, because one address may be a proxy with everyone behind it.
    package var maxConnectionsPerAddress = 0
    /// Most connections that may wait in the kernel to be accepted, in a burst (net.core.somaxconn caps the number).
    package var backlog = 1024

    /// Longest time from the start of a connection to the end of its TLS handshake, which takes two or three round
    /// trips.
    package var handshakeTimeout = Duration.seconds(10)
    /// Longest time from the first byte of a request to the end of its head. A client on any network sends 16 KiB in
    /// less.
    package var headTimeout = Duration.seconds(10)
    /// Longest time from the end of a head to the end of its body. It cuts a body that comes byte by byte as well as
    /// one that stops.
    package var bodyTimeout = Duration.seconds(30)
    /// Longest time in which a client takes less than ``Connection/minimumWriteProgress`` of its answer; then the
    /// client is cut.
    package var writeTimeout = Duration.seconds(30)
    /// Longest time between requests. It is longer than the 60 s for which common load balancers keep a connection, so
    /// that the load balancer closes first and never sends into a closing connection.
    package var idleTimeout = Duration.seconds(75)
    /// How long a connection must have been idle to be closed in favour of a new one, when no more may be open. Most
    /// clients that are about to send another request have done so after a second.
    package var fullIdleTimeout = Duration.seconds(1)
    /// The longest time for which a request may have waited, complete, to be read, if the server has read everything
    /// late for a while. Longer ones get 503. A refusal within 50 ms lets clients go elsewhere in time. 0: no limit.
    package var maxUnreadTime = Duration.milliseconds(20)
    /// How long the server still works on an HTTP/1.1 request whose client has finished sending. A client that only
    /// half-closes waits for its answer, but a client that has disconnected looks the same until the server writes to
    /// it.
    package var halfCloseGrace = Duration.seconds(1)
    /// How long a finished connection waits for the client's own close. Without the wait, bytes that are still on their
    /// way would cause a reset, and the reset could destroy the last answer.
    package var lingerTimeout = Duration.seconds(2)

    /// Most bytes of answers that may wait to be written on one HTTP/2 connection; above this number the connection's
    /// next requests are not started. (HTTP/1.1 has one answer at a time.)
    package var maxOutboundBytesPerConnection = 16 * 1024 * 1024
    /// Most bytes that requests may make the process hold, from their bodies to their answers (``MemoryBudget``). If it
    /// is 0, the owner chooses by the machine's memory; a server that is given 0 has no such limit.
    package var memoryBudget = 0
    /// Most bytes of answers that may wait to be written on all connections; above this number requests are refused
    /// with 503 and streamed answers pause. So clients that do not read cannot take the memory of the model. 0: only
    /// the memory budget limits them.
    package var maxOutboundBytes = 0
    /// Most bytes of request bodies, being read or in work, on all connections; above this number requests are refused
    /// with 503, and bodies are completed one at a time. 0: only the memory budget limits them.
    package var maxInboundBytes = 0

    /// The `Server` header field; nil for none.
    package var serverName: String?

    /// The descriptors that the connections take at most, if ``maxConnections`` is a number.
    package var mostDescriptors: Int { maxConnections + max(1, eventLoops) * ConnectionCapacity.maxReserved }

    /// Makes a configuration with the defaults. The reason for each default stands at its property.
    package init(addresses: [ListenAddress] = []) {
        self.addresses = addresses
    }
}
