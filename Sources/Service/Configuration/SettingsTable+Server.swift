import HTTPProtocol
import HTTPServer
import Inference

/// The network's part of the table of settings; see ``ConfigurationKey/sections``.
extension ConfigurationKey {
    static let network: [ConfigurationKey] = [
        .text(
            "host",
            \.listen.host,
            """
            Address or name to listen on. The default is reachable from this machine only; 0.0.0.0 takes connections \
            on every IPv4 address, :: on every IPv6 and IPv4 address, none opens no TCP socket (then unix_socket must \
            be set). Without api_keys_file the service answers everyone who reaches it: open it only to a network that \
            you trust.
            """
        ),
        .integer(
            "port",
            \.listen.port,
            unit: "TCP port",
            in: 0...65535,
            "Port to listen on. 0: the system chooses a free one, and the log names it."
        ),
        .text(
            "unix_socket",
            \.listen.unixSocket,
            type: "path",
            "Path of a unix socket to listen on in addition to host and port. Unset: none."
        ),
        .integer(
            "status_port",
            \.listen.statusPort,
            unit: "TCP port",
            in: 0...65535,
            """
            Port that serves the probes (/health and the like) and /metrics alone: plain HTTP, without API keys, on a \
            thread of its own. Its answers wait neither for TLS handshakes nor for anything else that clients of the \
            other ports do. The other ports serve these paths too. 0: none.
            """
        ),
        .text(
            "status_host",
            \.listen.statusHost,
            type: "address or name",
            "Address or name that status_port listens on. Unset: that of host."
        ),
        .integer(
            "backlog",
            \.http.backlog,
            unit: "connections",
            in: 1...65535,
            """
            Connections that the kernel holds until they are accepted; the kernel lowers the number to \
            net.core.somaxconn. Raise it if clients that connect all at once see resets or long connection times.
            """
        ),
    ]

    static let security: [ConfigurationKey] = [
        .text(
            "tls_certificate",
            \.edge.tlsCertificate,
            type: "path",
            """
            Certificates (PEM), the server's own first, then those that signed it. With tls_key it makes the port \
            speak TLS, and nothing else; a unix socket stays plain. SIGHUP reads both files again. Unset: plain HTTP.
            """
        ),
        .text(
            "tls_key",
            \.edge.tlsKey,
            type: "path",
            """
            The private key of tls_certificate (PEM, without a passphrase), readable by this user only. A key on an \
            elliptic curve (P-256) costs a twentieth of the CPU time of an RSA key in each handshake.
            """
        ),
        .choice(
            "tls_min_version",
            \.edge.tlsMinVersion,
            "Oldest version of TLS that is accepted. 1.3 shuts out clients from before about 2018."
        ),
        .text(
            "api_keys_file",
            \.edge.apiKeysFile,
            type: "path",
            """
            File of API keys, one on each line; # begins a comment. A client must send one of the keys (Authorization: \
            Bearer KEY, api-key or x-api-key). SIGHUP reads the file again. The variable SWIFTLET_API_KEYS may hold \
            further keys, separated by commas. Without any key, the service answers everyone who reaches the port.
            """
        ),
        .text(
            "api_key_open_routes",
            \.edge.openRoutes,
            type: "none|" + RouteGroup.allCases.map(\.rawValue).joined(separator: "|") + ", several with commas",
            """
            Groups of routes that need no key even if there are keys. health: the probes of orchestrators. metrics: \
            /metrics. info: the routes that name the model. docs: the routes that describe the interface. Every other \
            route needs a key.
            """,
            isValid: { RouteGroup.groups(in: $0) != nil }
        ),
        .text(
            "cors_allow_origin",
            \.edge.corsAllowOrigin,
            type: "* or origins (https://example.org) with commas",
            """
            Origins of the web pages that may call the service from a browser; * allows all pages. Unset: none, and \
            answers have no CORS header fields. Clients other than browsers ignore this.
            """,
            isValid: { AllowedOrigins($0) != nil }
        ),
        .seconds(
            "cors_max_age",
            \.edge.corsMaxAge,
            in: .zero...Duration.seconds(86400),
            """
            How long a browser may remember a page's permissions before it asks again. Browsers cap it at about two \
            hours.
            """
        ),
        .boolean(
            "playground",
            \.edge.playground,
            """
            Whether browsers get a page at / and /playground on which people try the model. The page needs no key; its \
            requests do, and the page has a field for it. Programs that ask for / get the same answer in either case.
            """
        ),
        .boolean(
            "compression",
            \.edge.compression,
            """
            Whether answers in text form are sent as gzip to clients that accept it (Accept-Encoding). Compression \
            more than halves JSON, but costs CPU time that the engine could use: choose false if clients are near. \
            Requests may be gzip or deflate in either case.
            """
        ),
        .integer(
            "compression_min_bytes",
            \.edge.compressionMinBytes,
            unit: "bytes",
            in: 0...1_073_741_824,
            "Smallest answer that is compressed. An answer that fits one packet arrives no sooner if compressed."
        ),
    ]

    static let limits: [ConfigurationKey] = [
        .integer(
            "max_header_bytes",
            \.http.limits.maxHeaderBytes,
            unit: "bytes",
            in: 1024...1_048_576,
            "Most bytes of a request's header fields, names and values together; more are refused (431)."
        ),
        .integer(
            "max_header_fields",
            \.http.limits.maxHeaderFields,
            unit: "fields",
            in: 8...10_000,
            "Most header fields of a request; more are refused (431)."
        ),
        .integer(
            "max_target_bytes",
            \.http.limits.maxTargetBytes,
            unit: "bytes",
            in: 64...1_048_576,
            "Longest target of a request, that is, its path and query; a longer one is refused (414)."
        ),
        .integer(
            "max_body_bytes",
            \.http.limits.maxBodyBytes,
            unit: "bytes",
            in: 1024...1_073_741_824,
            """
            Largest body of a request; a larger one is refused (413). If the request announces the length, it is \
            refused before its body is read. The whole body is held in memory while it arrives; max_inbound_bytes \
            bounds all bodies together.
            """
        ),
        .integer(
            "max_connections",
            \.http.maxConnections,
            unit: "connections",
            in: 0...1_000_000,
            """
            Most connections open at once. For a client beyond it, the connection that has been idle for longest is \
            closed (full_idle_timeout). If all are in use, the client's work is answered 503 with Retry-After, and \
            questions about the service, such as probes, are answered. 0: as many as an eighth of the memory limit \
            (the cgroup's, or the machine's) can hold, from 256 to 16384, and as the limit of descriptors (ulimit -n) \
            allows. An idle connection takes about 2 KiB (HTTP/1.1) or 16 KiB (HTTP/2) and one descriptor.
            """
        ),
        .integer(
            "max_connections_per_address",
            \.http.maxConnectionsPerAddress,
            unit: "connections",
            in: 0...1_000_000,
            """
            Most connections of one client address; further ones are treated like those beyond max_connections. All \
            addresses of an IPv6 /64 count as one. Loopback and unix sockets are not limited. 0: no limit. Leave it at \
            0 behind a proxy or a load balancer, whose address all clients share.
            """
        ),
        .integer(
            "max_concurrent_streams",
            \.http.limits.maxConcurrentStreams,
            unit: "streams",
            in: 1...65535,
            "Most HTTP/2 requests in work at once on one connection; the client is told the number."
        ),
        .integer(
            "max_outbound_bytes_per_connection",
            \.http.maxOutboundBytesPerConnection,
            unit: "bytes",
            in: 65536...1_073_741_824,
            """
            Most bytes of answers that may wait in memory for one client to read them; above this number the \
            connection's next requests are not started. Without this limit, a client that sends requests and never \
            reads the answers could take any amount of memory.
            """
        ),
        .integer(
            "max_outbound_bytes",
            \.http.maxOutboundBytes,
            unit: "bytes",
            in: 0...1_099_511_627_776,
            """
            Most bytes of answers that may wait in memory on all connections together; above this number requests are \
            refused (503) and streamed answers pause. It bounds the memory that many slow readers can take. Above half \
            of it, the service disconnects each client that reads less than a quarter of its waiting bytes within \
            write_timeout. 0: only memory_budget limits them.
            """
        ),
        .integer(
            "max_inbound_bytes",
            \.http.maxInboundBytes,
            unit: "bytes",
            in: 0...1_099_511_627_776,
            """
            Most bytes of request bodies, being read or in work, of all connections together; above this number \
            requests are refused (503) and reading of bodies pauses. 0: only memory_budget limits them.
            """
        ),
        .integer(
            "memory_budget",
            \.http.memoryBudget,
            unit: "bytes",
            in: 0...1_099_511_627_776,
            """
            Most bytes that requests may make the process hold: bodies as received and as decompressed, their JSON, \
            tokens, results, and answers that wait for their clients. From half of it on, reading of bodies pauses and \
            requests are refused (503); the other half is for requests that have begun. 0: a quarter of the memory \
            that the process may use (its cgroup's limit), at least 32 MiB and at most 256 MiB.
            """
        ),
    ]

    static let timeLimits: [ConfigurationKey] = [
        .seconds(
            "handshake_timeout",
            \.http.handshakeTimeout,
            in: shortest...longest,
            "Longest time from the start of a connection to the end of its TLS handshake, if tls_certificate is set."
        ),
        .seconds(
            "head_timeout",
            \.http.headTimeout,
            in: shortest...longest,
            "Longest time for a request's whole head to arrive, however slowly its bytes come; then 408."
        ),
        .seconds(
            "body_timeout",
            \.http.bodyTimeout,
            in: shortest...longest,
            "Longest time for a request's whole body to arrive; then 408. Raise it for large bodies over slow links."
        ),
        .seconds(
            "request_timeout",
            \.inference.requestTimeout,
            in: .zero...longest,
            """
            Longest time from a request's last byte to its answer, if the request has no X-Request-Timeout-Ms of its \
            own; then 504, and the rest of the request is not computed. A request that would wait longer is refused at \
            once (429). The default is the usual limit of proxies: a later answer would reach nobody. 0: no limit.
            """
        ),
        .seconds(
            "write_timeout",
            \.http.writeTimeout,
            in: shortest...longest,
            """
            Longest time in which a client reads nothing of its answer. Then the connection is closed.
            """
        ),
        .seconds(
            "idle_timeout",
            \.http.idleTimeout,
            in: shortest...longest,
            """
            Longest time between two requests on one connection. Keep it above the idle time of a proxy in front (60 s \
            is usual): otherwise the proxy uses connections that have just been closed.
            """
        ),
        .seconds(
            "full_idle_timeout",
            \.http.fullIdleTimeout,
            in: shortest...longest,
            """
            How long a connection must have been idle to be closed in favour of a new one, when max_connections are \
            open. The one that has been idle for longest goes first. A request that is on its way at that moment is \
            lost, so keep it above the pauses of busy clients.
            """
        ),
        .seconds(
            "max_unread_time",
            \.http.maxUnreadTime,
            in: .zero...longest,
            """
            Longest time for which a request may have waited, complete, until it is read, if everything that was read \
            in the last 0.1 s had waited longer than this: the process has too little CPU for what comes. Requests \
            that waited longer are refused with 503 as long as the workers have enough to do; newer ones are served. \
            0: no limit.
            """
        ),
        .seconds(
            "half_close_grace",
            \.http.halfCloseGrace,
            in: .zero...longest,
            """
            Longest time to compute and send an answer to a client that has closed its sending side. Most such clients \
            have disconnected; a few (netcat) still read. 0: the service treats every such client as disconnected.
            """
        ),
        .seconds(
            "linger_timeout",
            \.http.lingerTimeout,
            in: shortest...longest,
            """
            Longest time to wait until a client closes a finished connection. Without this wait, bytes that are still \
            on their way would cause a reset, which can destroy the last answer.
            """
        ),
        .seconds(
            "drain_delay",
            \.lifecycle.drainDelay,
            in: .zero...longest,
            """
            Time from SIGTERM until new connections are refused. Until then requests are served, but /health/ready \
            answers 503, so that a load balancer takes this process out before a client is refused. Set it above the \
            time that the load balancer needs to notice the 503. SIGINT skips this delay.
            """
        ),
        .seconds(
            "drain_timeout",
            \.lifecycle.drainTimeout,
            in: .zero...longest,
            """
            Longest time from the end of drain_delay, or from SIGINT, to the exit. Requests in work are answered and \
            new connections refused; whatever is left at the end is closed. Keep the sum of drain_delay and \
            drain_timeout below the time after which the supervisor kills the process (Kubernetes: \
            terminationGracePeriodSeconds, 30 s).
            """
        ),
    ]

    /// The shortest time limit. A shorter one would refuse everything.
    static let shortest: Duration = .milliseconds(1)
    /// The longest time limit: a day. A longer one would be no limit.
    static let longest: Duration = .seconds(86400)
}
