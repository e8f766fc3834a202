extension ConfigurationKey {
    static let timeLimits: [ConfigurationKey] = [
        .seconds(
            "handshake_timeout",
            \.handshakeTimeout,
            in: shortest...longest,
            "From a connection's begin to the end of its TLS handshake, where tls_certificate is set."
        ),
        .seconds(
            "head_timeout",
            \.headTimeout,
            in: shortest...longest,
            "For a request's head to arrive whole (408 after it), however slowly its bytes drip."
        ),
        .seconds(
            "body_timeout",
            \.bodyTimeout,
            in: shortest...longest,
            "For a request's body to arrive whole (408 after it). Raise it for large bodies over slow links."
        ),
        .seconds(
            "request_timeout",
            \.requestTimeout,
            in: .zero...longest,
            """
            From a request's last byte to its answer, where it has no X-Request-Timeout-Ms of its own; 504 after it, \
            and what has not been computed is dropped. A request that would wait longer is refused at once (429). The \
            default is the limit that is usual for proxies, behind which nobody would get the answer. 0: none.
            """
        ),
        .seconds(
            "write_timeout",
            \.writeTimeout,
            in: shortest...longest,
            "Without any progress while an answer is sent: the client has stopped reading, the connection is closed."
        ),
        .seconds(
            "idle_timeout",
            \.idleTimeout,
            in: shortest...longest,
            """
            Between two requests on one connection. Keep it above the idle time of a proxy in front (60 s is usual), \
            else the proxy meets connections that have just been closed.
            """
        ),
        .seconds(
            "half_close_grace",
            \.halfCloseGrace,
            in: .zero...longest,
            """
            For an answer to be computed and sent to a client that has closed its sending side. Most such clients are \
            gone, a few (netcat) still read. 0: they are taken for gone at once.
            """
        ),
        .seconds(
            "linger_timeout",
            \.lingerTimeout,
            in: shortest...longest,
            """
            For a client to close a connection that is finished. The wait keeps a last answer from being destroyed by \
            the reset that bytes still on their way would cause.
            """
        ),
        .seconds(
            "drain_delay",
            \.drainDelay,
            in: .zero...longest,
            """
            From SIGTERM until new connections are refused. Meanwhile requests are served, and /health/ready answers \
            503, so that a load balancer that asks it takes this process out before a client is refused. Set it above \
            the balancer's time to notice. SIGINT does not wait.
            """
        ),
        .seconds(
            "drain_timeout",
            \.drainTimeout,
            in: .zero...longest,
            """
            From then, or from SIGINT, to exit at the latest: requests in work are answered, new connections are \
            refused, what is left after it is closed. Keep the sum of both below the time after which the supervisor \
            kills (Kubernetes: terminationGracePeriodSeconds, 30 s).
            """
        ),
    ]

    /// Below a millisecond a time limit would only be a way to refuse everything.
    static let shortest: Duration = .milliseconds(1)
    /// A day: a limit above it is none.
    static let longest: Duration = .seconds(86400)
}
