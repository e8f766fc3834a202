/// One setting of `swiftlet serve`: its name, what it takes, and what it does.
///
/// The table ``all`` is the only list of settings. The keys of the YAML file, the environment variables, the flags,
/// the text of `--help` and the reference file `config/swiftlet.yaml` are all made from it.
package struct ConfigurationKey: Sendable {
    /// Name in the YAML file, in snake case: `max_batch_tokens`.
    package let name: String
    /// What a value is, for `--help`: `integer`, `seconds`, `true|false`, `text`, `auto|json|text`.
    package let type: String
    /// What is counted: `tokens`, `bytes`; nil where the type says it.
    package let unit: String?
    /// The values that are taken, in words: `1 to 65536`; nil where the type says it.
    package let range: String?
    /// One paragraph: what the setting does, and why one would change it.
    package let effect: String
    /// The value held by a configuration, as it would be written; nil when it is unset.
    package let read: @Sendable (ServiceConfiguration) -> String?
    /// Writes a value into a configuration; false when the text is of the wrong type or out of range.
    package let write: @Sendable (inout ServiceConfiguration, String) -> Bool

    /// Spelling as a flag: `--max-batch-tokens`.
    package var flag: String { "--" + name.replacing("_", with: "-") }

    /// Spelling as an environment variable: `SWIFTLET_MAX_BATCH_TOKENS`.
    package var variable: String { Self.variablePrefix + name.uppercased() }

    /// True for a setting that is on or off, whose flag may stand without a value or be spelled `--no-…`.
    package var isBoolean: Bool { type == Self.booleanType }

    /// What a value must be, for error messages: `an integer (tokens) from 1 to 1048576`.
    package var expected: String {
        [type, unit.map { "(\($0))" }, range].compactMap(\.self).joined(separator: " ")
    }

    /// The default as it would be written; nil when the setting is unset by default.
    package var defaultValue: String? { read(ServiceConfiguration()) }

    /// Every variable of ours begins with this, so that a mistyped one can be noticed.
    package static let variablePrefix = "SWIFTLET_"

    static let booleanType = "true|false"

    /// The key of that name, nil when there is none.
    package static func named(_ name: String) -> ConfigurationKey? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
