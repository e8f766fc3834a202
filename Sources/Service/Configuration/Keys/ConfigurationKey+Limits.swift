extension ConfigurationKey {
    static let limits: [ConfigurationKey] = [
        .integer(
            "max_header_bytes",
            \.maxHeaderBytes,
            unit: "bytes",
            in: 1024...1_048_576,
            "A request's header fields, names and values together; more is refused (431)."
        ),
        .integer(
            "max_header_fields",
            \.maxHeaderFields,
            unit: "fields",
            in: 8...10_000,
            "Number of a request's header fields; more is refused (431)."
        ),
        .integer(
            "max_target_bytes",
            \.maxTargetBytes,
            unit: "bytes",
            in: 64...1_048_576,
            "A request's target, that is its path and query; longer is refused (414)."
        ),
        .integer(
            "max_body_bytes",
            \.maxBodyBytes,
            unit: "bytes",
            in: 1024...1_073_741_824,
            """
            A request's body; larger is refused (413), where its length is announced before it is read. Bodies are \
            held whole in memory while they arrive; max_inbound_bytes bounds all of them together.
            """
        ),
        .integer(
            "max_connections",
            \.maxConnections,
            unit: "connections",
            in: 1...1_000_000,
            """
            Connections open at once; further clients are told 503 with Retry-After and closed. An idle one takes \
            about 2 KiB (HTTP/1.1) or 16 KiB (HTTP/2), and each a file descriptor, so the process's limit of those \
            (ulimit -n) must be above it.
            """
        ),
        .integer(
            "max_concurrent_streams",
            \.maxConcurrentStreams,
            unit: "streams",
            in: 1...65535,
            "HTTP/2 requests at work at once on one connection, announced to the client."
        ),
        .integer(
            "max_outbound_bytes_per_connection",
            \.maxOutboundBytesPerConnection,
            unit: "bytes",
            in: 65536...1_073_741_824,
            """
            Answers that may wait in memory for one client to read them; above it the connection's further requests \
            are not begun. Without it a client that asks and never reads would cost memory without end.
            """
        ),
        .integer(
            "max_outbound_bytes",
            \.maxOutboundBytes,
            unit: "bytes",
            in: 65536...1_099_511_627_776,
            """
            The same for all connections together; above it requests are refused (503) and streamed answers pause. \
            With many slow readers it is the memory that their answers may take. From half of it, a client is cut that \
            takes less than a quarter of what waits for it in write_timeout.
            """
        ),
        .integer(
            "max_inbound_bytes",
            \.maxInboundBytes,
            unit: "bytes",
            in: 1024...1_099_511_627_776,
            """
            Bodies of requests, on their way or in work, of all connections together; above it requests are refused \
            (503) and bodies are not read on.
            """
        ),
    ]
}
