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
        Section(title: "TLS, keys, browsers, compression", keys: security),
        Section(title: "Threads", keys: threads),
        Section(title: "Batching", keys: batching),
        Section(title: "Health", keys: health),
        Section(title: "Limits", keys: limits),
        Section(title: "Time limits", keys: timeLimits),
        Section(title: "Log", keys: log),
    ]
}
