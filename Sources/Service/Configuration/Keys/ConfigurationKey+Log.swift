extension ConfigurationKey {
    static let log: [ConfigurationKey] = [
        .choice("log_level", \.logLevel, "Least severity that is logged, to standard error."),
        .choice(
            "log_format",
            \.logFormat,
            """
            Form of a log line: json is one object a line, text is for people, auto is text where standard error is a \
            terminal and json elsewhere. The texts of requests are never logged.
            """
        ),
        .choice(
            "access_log",
            \.accessLog,
            """
            Requests that have a line in the log, a JSON object whatever the form of the others: all of them, those \
            with errors (a status of 400 and above, or a client that went), or none. docs/operations.md names its \
            fields.
            """
        ),
        .integer(
            "log_buffer_bytes",
            \.logBufferBytes,
            unit: "bytes",
            in: 4096...1_073_741_824,
            """
            Lines that may wait for a slow reader of standard error. What does not fit is dropped and counted \
            (swiftlet_log_lines_dropped_total): the log never holds up requests.
            """
        ),
    ]
}
