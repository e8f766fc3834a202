extension ConfigurationKey {
    /// A group of keys under one heading of the reference file and of `--help`.
    package struct Section: Sendable {
        /// The heading.
        package let title: String
        /// Its keys, in the order in which they are shown.
        package let keys: [ConfigurationKey]
    }

    /// Every key, in the order of the reference file.
    package static let all: [ConfigurationKey] = sections.flatMap(\.keys)

    /// The table of all settings.
    package static let sections: [Section] = [
        Section(title: "Model", keys: model),
        Section(title: "Network", keys: network),
        Section(title: "Threads", keys: threads),
        Section(title: "Batching", keys: batching),
        Section(title: "Limits", keys: limits),
        Section(title: "Time limits", keys: timeLimits),
        Section(title: "Log", keys: log),
    ]

    private static let model: [ConfigurationKey] = [
        .text(
            "model",
            \.model,
            type: "path",
            """
            Folder of the model to serve, in the Hub's layout: config.json, vocab.txt or tokenizer.json, and \
            model.safetensors or pytorch_model.bin. Unset: the bundled model, a small sentiment classifier.
            """
        ),
        .text(
            "served_model_name",
            \.servedModelName,
            """
            The model's name in /info and in answers. Unset: the name of its folder. Set it when the folder's name \
            says nothing to clients, or shall not be shown.
            """
        ),
        .choice(
            "default_pooling",
            \.defaultPooling,
            """
            How /embed makes one vector of a text's tokens when a request does not say. Unset: what the model's \
            1_Pooling/config.json says, else mean.
            """
        ),
        .integer(
            "max_input_length",
            \.maxInputLength,
            unit: "tokens",
            in: 0...1_048_576,
            """
            Longest input, special tokens included. 0: the model's own limit, which it can only lower. A long text \
            takes more time than in proportion to its length, so a lower limit also bounds the latency of others.
            """
        ),
        .boolean(
            "auto_truncate",
            \.autoTruncate,
            """
            What becomes of an input above the limit when the request has no `truncate` of its own: true cuts it to \
            the limit, false refuses it (422).
            """
        ),
        .choice(
            "dtype",
            \.dtype,
            """
            Arithmetic of the matrix products; sums are float32 in each. bfloat16 halves the memory of the weights and, \
            on CPUs with AVX-512 BF16, the time; int8 takes a quarter of both where there is VNNI. What they cost in \
            accuracy is in docs/benchmarks.md.
            """
        ),
        .choice(
            "backend",
            \.backend,
            """
            What computes: auto takes the fastest kernels that this CPU has, and /info says which; the others are for \
            comparison, and stop the start where the CPU lacks them. openblas is for float32 only.
            """
        ),
    ]

    private static let network: [ConfigurationKey] = [
        .text(
            "host",
            \.host,
            """
            Address or name to listen on. The default is reachable from this machine only; 0.0.0.0 takes connections \
            on every IPv4 address, :: on every IPv6 and IPv4 address, none opens no TCP socket (unix_socket must be \
            set then). There is no authentication: open it only to a network that you trust.
            """
        ),
        .integer(
            "port",
            \.port,
            unit: "TCP port",
            in: 0...65535,
            "Port to listen on. 0: the system chooses a free one, and the log says which."
        ),
        .text(
            "unix_socket",
            \.unixSocket,
            type: "path",
            "Path of a unix socket to listen on besides host and port. Unset: none."
        ),
        .integer(
            "backlog",
            \.backlog,
            unit: "connections",
            in: 1...65535,
            """
            Connections that the kernel holds ready before they are accepted; it lowers the number to \
            net.core.somaxconn. Raise it if clients that connect all at once see resets or long connection times.
            """
        ),
    ]

    private static let threads: [ConfigurationKey] = [
        .integer(
            "workers",
            \.workers,
            unit: "threads",
            in: 0...1024,
            """
            Engine workers, each of which computes one batch at a time on one CPU. 0: the CPU budget, that is the \
            smallest of the online CPUs, the affinity mask and the cgroup quota. More than that slows every batch.
            """
        ),
        .integer(
            "event_loops",
            \.eventLoops,
            unit: "threads",
            in: 0...256,
            """
            Threads that read, parse and write for all connections. 0: one for every four CPUs of the budget. One \
            carries tens of thousands of requests a second; raise it for many connections with small requests.
            """
        ),
        .integer(
            "request_threads",
            \.requestThreads,
            unit: "threads",
            in: 0...1024,
            """
            How many requests at once are decoded, tokenized and encoded to JSON. 0: the CPU budget. Lower it to keep \
            more of the CPUs for the engine.
            """
        ),
    ]

    private static let batching: [ConfigurationKey] = [
        .integer(
            "max_batch_tokens",
            \.maxBatchTokens,
            unit: "tokens",
            in: 1...1_048_576,
            """
            Size up to which texts are put together in one batch. Larger batches use the CPU better up to a few \
            thousand tokens; beyond that they only add latency and memory. A single text above it runs alone.
            """
        ),
        .integer(
            "max_batch_rows",
            \.maxBatchRows,
            unit: "texts",
            in: 1...65536,
            "Number of texts up to which they are put together in one batch."
        ),
        .integer(
            "max_queue_tokens",
            \.maxQueueTokens,
            unit: "tokens",
            in: 1...1_073_741_824,
            """
            Work that may wait for a worker. A request that does not fit is refused at once (429) instead of waiting \
            longer than its client would. Divide by the tokens per second of /metrics to see the wait that it allows.
            """
        ),
        .integer(
            "max_queue_rows",
            \.maxQueueRows,
            unit: "texts",
            in: 1...16_777_216,
            "Texts that may wait for a worker, whatever their length; what does not fit is refused at once (429)."
        ),
        .integer(
            "max_client_batch_size",
            \.maxClientBatchSize,
            unit: "texts",
            in: 1...1_048_576,
            """
            Texts in one request; more are refused (422). It keeps one client from filling the queue with one call.
            """
        ),
        .integer(
            "max_token_vectors_per_request",
            \.maxTokenVectorsPerRequest,
            unit: "tokens",
            in: 1...16_777_216,
            """
            Tokens of one /embed_all request, whose answer has a vector for each; more are refused (422). A vector of \
            the full-size model is 2 KB of floats and about 6 KB of JSON.
            """
        ),
        .integer(
            "max_token_vectors_held",
            \.maxTokenVectorsHeld,
            unit: "tokens",
            in: 1...1_073_741_824,
            """
            Token vectors that are held for all /embed_all answers being sent; above it such requests are refused \
            (429). The default is 256 MB of the full-size model's vectors.
            """
        ),
        .integer(
            "max_tokenized_tokens",
            \.maxTokenizedTokens,
            unit: "tokens",
            in: 1...16_777_216,
            """
            Tokens of one /tokenize answer, with "output": "batch" the padding counted; more are refused (422). A token \
            takes about 80 bytes of JSON.
            """
        ),
    ]

    private static let limits: [ConfigurationKey] = [
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
            Connections open at once; further clients are told 503 with Retry-After and closed. Each takes about \
            10 KiB and a file descriptor, so the process's limit of those (ulimit -n) must be above it.
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
            With many slow readers it is the memory that their answers may take.
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

    private static let timeLimits: [ConfigurationKey] = [
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
            "drain_timeout",
            \.drainTimeout,
            in: .zero...longest,
            """
            From SIGTERM or SIGINT to exit at the latest: requests in work are answered, new connections are refused, \
            what is left after it is closed. Keep it below the time after which the supervisor kills \
            (Kubernetes: terminationGracePeriodSeconds, 30 s).
            """
        ),
    ]

    private static let log: [ConfigurationKey] = [
        .choice("log_level", \.logLevel, "Least severity that is logged, to standard error."),
        .choice(
            "log_format",
            \.logFormat,
            """
            Form of a log line: json is one object a line, text is for people, auto is text where standard error is a \
            terminal and json elsewhere. The texts of requests are never logged.
            """
        ),
    ]

    /// Below a millisecond a time limit would only be a way to refuse everything.
    private static let shortest: Duration = .milliseconds(1)
    /// A day: a limit above it is none.
    private static let longest: Duration = .seconds(86400)
}
