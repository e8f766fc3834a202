import JSON

/// Reads the settings from the command line's words: `--port 9000`, `--port=9000`, `--auto-truncate`,
/// `--no-auto-truncate`.
enum SettingsFlags {
    /// Reads flags in order. The last of repeated flags wins, so that a script can append to its defaults.
    static func parse(_ words: [String]) throws(ConfigurationError) -> [Setting] {
        var settings: [Setting] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.begins(with: "--"), word.utf8.count > 2 else { throw .unexpectedArgument(word) }
            let parts = word.pieces(separatedBy: "=", most: 1).map(String.init)
            let flag = parts[0]
            let attached = parts.count > 1 ? parts[1] : nil
            if let key = negated[flag], attached == nil {
                settings.append(Setting(key: key, value: "false", source: .flag(flag)))
                continue
            }
            guard let key = known[flag] else {
                let candidates = ConfigurationKey.all.map(\.flag).sorted() + negated.keys.sorted()
                throw .unknownKey(
                    name: flag,
                    source: .flag(flag),
                    nearest: EditDistance.nearest(to: flag, among: candidates)
                )
            }
            let value = if let attached { attached } else { try value(of: key, flag, from: &rest) }
            let formerName = flag == key.flag ? nil : key.formerName
            settings.append(Setting(key: key, formerName: formerName, value: value, source: .flag(flag)))
        }
        return settings
    }

    private static let known = ConfigurationKey.byName(spelled: ConfigurationKey.flag)
    private static let negated = Dictionary(
        uniqueKeysWithValues: ConfigurationKey.all.filter(\.isBoolean).map { ("--no-" + $0.flag.dropFirst(2), $0) }
    )

    /// The word after a flag. A boolean flag may stand alone, which means true.
    private static func value(
        of key: ConfigurationKey,
        _ flag: String,
        from rest: inout ArraySlice<String>
    ) throws(ConfigurationError) -> String {
        if key.isBoolean {
            guard let next = rest.first, ConfigurationKey.truth(of: next) != nil else { return "true" }
            rest.removeFirst()
            return next
        }
        guard let next = rest.popFirst() else { throw .missingValue(flag: flag, expected: key.expected) }
        return next
    }
}

/// Reads the settings from the environment's variables: `SWIFTLET_MAX_BATCH_TOKENS=8192`.
///
/// An empty value counts as no value, because compose files and shells write an empty value for a variable that is not
/// set.
package enum SettingsEnvironment {
    /// The variable that names the configuration file.
    static let fileVariable = ConfigurationKey.variable("config")
    /// The variable that lists API keys. It is not a setting, because `--print-config` shows settings, and `ps` shows
    /// flags.
    package static let keysVariable = ConfigurationKey.variable("api_keys")

    /// Variables with our prefix that are not settings: the file's path, the keys, the choice of OpenBLAS's kernels
    /// (which is made before the configuration is read), and the folder that larger tests read.
    private static let otherVariables: Set = [
        fileVariable, keysVariable, ConfigurationKey.variable("blas_core"), ConfigurationKey.variable("reference"),
    ]

    /// - Throws: `unknownKey` for any other variable that begins with `SWIFTLET_`.
    static func parse(_ environment: [String: String]) throws(ConfigurationError) -> [Setting] {
        var settings: [Setting] = []
        let ours = environment.filter { $0.key.begins(with: ConfigurationKey.variablePrefix) }
        for (variable, value) in ours.sorted(by: { $0.key < $1.key }) {
            if otherVariables.contains(variable) || isServiceLink(variable, value: value) { continue }
            guard let key = known[variable] else {
                let nearest = EditDistance.nearest(
                    to: variable,
                    among: ConfigurationKey.all.map(\.variable).sorted() + [fileVariable]
                )
                throw .unknownKey(name: variable, source: .environment(variable), nearest: nearest)
            }
            guard !value.isEmpty else { continue }
            let formerName = variable == key.variable ? nil : key.formerName
            settings.append(
                Setting(key: key, formerName: formerName, value: value, source: .environment(variable))
            )
        }
        return settings
    }

    private static let known = ConfigurationKey.byName(spelled: ConfigurationKey.variable)

    /// Whether Kubernetes made the variable: for a Service that is named `swiftlet` it gives every pod of the namespace
    /// SWIFTLET_SERVICE_HOST, SWIFTLET_SERVICE_PORT…, SWIFTLET_PORT=tcp://… and SWIFTLET_PORT_80_TCP… unless the pod
    /// says `enableServiceLinks: false`. None of these variables is meant for this program.
    private static func isServiceLink(_ variable: String, value: String) -> Bool {
        if variable.ends(with: "_SERVICE_HOST") || variable.holds("_SERVICE_PORT") { return true }
        if variable.contains(/_PORT_[0-9]+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?$/) { return true }
        return variable.ends(with: "_PORT") && value.holds("://")
    }
}
