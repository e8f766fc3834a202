/// The settings among the command line's words: `--port 9000`, `--port=9000`, `--auto-truncate`, `--no-auto-truncate`.
enum SettingsFlags {
    /// Reads flags in order; where one is repeated the last wins, so that a script's defaults can be added to.
    static func parse(_ words: [String]) throws(ConfigurationError) -> [Setting] {
        var settings: [Setting] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), word.utf8.count > 2 else { throw .unexpectedArgument(word) }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let flag = parts[0]
            let attached = parts.count > 1 ? parts[1] : nil
            if let key = negated[flag], attached == nil {
                settings.append(Setting(key: key, value: "false", source: .flag(flag)))
                continue
            }
            guard let key = known[flag] else {
                let candidates = known.keys.sorted() + negated.keys.sorted()
                throw .unknownKey(
                    name: flag,
                    source: .flag(flag),
                    nearest: EditDistance.nearest(to: flag, among: candidates)
                )
            }
            let value = if let attached { attached } else { try value(of: key, from: &rest) }
            settings.append(Setting(key: key, value: value, source: .flag(flag)))
        }
        return settings
    }

    private static let known = Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.flag, $0) })
    private static let negated = Dictionary(
        uniqueKeysWithValues: ConfigurationKey.all.filter(\.isBoolean).map { ("--no-" + $0.flag.dropFirst(2), $0) }
    )

    /// The word after a flag. A boolean flag may stand alone, which means true.
    private static func value(
        of key: ConfigurationKey,
        from rest: inout ArraySlice<String>
    ) throws(ConfigurationError) -> String {
        if key.isBoolean {
            guard let next = rest.first, ConfigurationKey.truth(of: next) != nil else { return "true" }
            rest.removeFirst()
            return next
        }
        guard let next = rest.popFirst() else { throw .missingValue(flag: key.flag, expected: key.expected) }
        return next
    }
}
