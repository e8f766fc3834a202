extension ConfigurationKey {
    static let threads: [ConfigurationKey] = [
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
}
