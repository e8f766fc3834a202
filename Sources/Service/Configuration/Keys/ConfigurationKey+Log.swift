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
    ]
}
