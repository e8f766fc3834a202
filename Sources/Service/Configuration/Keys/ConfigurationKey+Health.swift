extension ConfigurationKey {
    static let health: [ConfigurationKey] = [
        .seconds(
            "watchdog_timeout",
            \.watchdogTimeout,
            in: shortest...longest,
            """
            A batch that takes longer is given up: its texts are answered with an error, and another worker takes the \
            place of the one that computes it. When work waits and no batch has been finished for so long, \
            /health/ready answers 503. Keep it well above the time of the largest batch on the slowest machine.
            """
        ),
        .integer(
            "max_worker_replacements",
            \.maxWorkerReplacements,
            unit: "workers",
            in: 0...1024,
            """
            How many workers that do not come back are replaced. Each keeps its thread and memory. After them \
            /health/live answers 503, so that an orchestrator starts the process anew.
            """
        ),
    ]
}
