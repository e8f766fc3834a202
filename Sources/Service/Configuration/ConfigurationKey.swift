/// Reference to the property of a configuration that a key reads and writes.
typealias ConfigurationField<Value> = any WritableKeyPath<ServiceConfiguration, Value> & Sendable

/// One setting of `swiftlet serve`: its name, the property that it sets, the values that it takes, and its effect.
///
/// The table ``sections`` is the only list of settings. The keys of the YAML file, the environment variables, the
/// flags, the text of `--help` and the reference file `config/swiftlet.yaml` are all made from it.
package struct ConfigurationKey: Sendable {
    /// Name in the YAML file, in snake case: `max_batch_tokens`.
    package let name: String
    /// The setting's name in earlier releases, which still works, with a warning in the log; nil for none.
    package let formerName: String?
    /// The type of the value, for `--help`: `integer`, `seconds`, `true|false`, `text`, `auto|json|text`.
    package let type: String
    /// The unit of the value: `tokens`, `bytes`; nil if the type includes it.
    package let unit: String?
    /// The accepted values, in words: `1 to 65536`; nil if the type includes them.
    package let range: String?
    /// One paragraph about the setting's effect and the reasons to change it.
    package let effect: String
    /// Reads the value from a configuration, as it would be written in the file; nil if it is unset.
    package let read: @Sendable (ServiceConfiguration) -> String?
    /// Writes a value into a configuration; false if the text is of the wrong type or out of range.
    package let write: @Sendable (inout ServiceConfiguration, String) -> Bool

    /// - Parameters:
    ///   - text: Converts a value to the text in the file; nil for an unset value.
    ///   - value: Converts a text to a value; nil if the text is of the wrong type or out of range.
    private init<Value>(
        _ name: String,
        _ field: ConfigurationField<Value>,
        formerName: String? = nil,
        type: String,
        unit: String? = nil,
        range: String? = nil,
        effect: String,
        text: @escaping @Sendable (Value) -> String?,
        value: @escaping @Sendable (String) -> Value?
    ) {
        self.name = name
        self.formerName = formerName
        self.type = type
        self.unit = unit
        self.range = range
        self.effect = effect
        read = { text($0[keyPath: field]) }
        write = { configuration, text in
            guard let value = value(text) else { return false }
            configuration[keyPath: field] = value
            return true
        }
    }

    /// Spelling as a flag: `--max-batch-tokens`.
    package var flag: String { Self.flag(name) }

    /// Spelling as an environment variable: `SWIFTLET_MAX_BATCH_TOKENS`.
    package var variable: String { Self.variable(name) }

    /// True for a setting that is on or off, whose flag may stand without a value or be spelled `--no-…`.
    package var isBoolean: Bool { type == Self.booleanType }

    /// The description of a valid value, for error messages: `an integer (tokens) from 1 to 1048576`.
    package var expected: String {
        [type, unit.map { "(\($0))" }, range].compactMap(\.self).joined(separator: " ")
    }

    /// The default as it would be written in the file; nil if the setting is unset by default.
    package var defaultValue: String? { read(ServiceConfiguration()) }

    /// The prefix of all our variables. An unknown variable with this prefix is refused as a mistyped one.
    package static let variablePrefix = "SWIFTLET_"

    private static let booleanType = "true|false"

    static func flag(_ name: String) -> String { "--" + name.replacing("_", with: "-") }
    static func variable(_ name: String) -> String { variablePrefix + name.uppercased() }

    /// Every key by its name and by its former name, in a source's spelling.
    static func byName(spelled spelling: (String) -> String) -> [String: ConfigurationKey] {
        let names = all.flatMap { key in [key.name, key.formerName].compactMap(\.self).map { (spelling($0), key) } }
        return Dictionary(uniqueKeysWithValues: names)
    }
}

/// The types that a setting may have. Each type knows how a value is written, read back and checked.
extension ConfigurationKey {
    static func integer(
        _ name: String,
        _ field: ConfigurationField<Int>,
        formerName: String? = nil,
        unit: String,
        in range: ClosedRange<Int>,
        _ effect: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name,
            field,
            formerName: formerName,
            type: "integer",
            unit: unit,
            range: "\(range.lowerBound) to \(range.upperBound)",
            effect: effect,
            text: { String($0) },
            value: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
        )
    }

    /// An integer; 0 stands for nil.
    static func integer(
        _ name: String,
        _ field: ConfigurationField<Int?>,
        unit: String,
        in range: ClosedRange<Int>,
        _ effect: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name,
            field,
            type: "integer",
            unit: unit,
            range: "\(range.lowerBound) to \(range.upperBound)",
            effect: effect,
            text: { String($0 ?? 0) },
            value: { text in Int(text).flatMap { range.contains($0) ? .some($0 == 0 ? nil : $0) : nil } }
        )
    }

    static func seconds(
        _ name: String,
        _ field: ConfigurationField<Duration>,
        in range: ClosedRange<Duration>,
        _ effect: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name,
            field,
            type: "seconds",
            range: "\(decimal(range.lowerBound)) to \(decimal(range.upperBound))",
            effect: effect,
            text: { decimal($0) },
            value: { text in duration(decimal: text).flatMap { range.contains($0) ? $0 : nil } }
        )
    }

    /// A number of seconds; 0 stands for nil.
    static func seconds(
        _ name: String,
        _ field: ConfigurationField<Duration?>,
        in range: ClosedRange<Duration>,
        _ effect: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name,
            field,
            type: "seconds",
            range: "\(decimal(range.lowerBound)) to \(decimal(range.upperBound))",
            effect: effect,
            text: { decimal($0 ?? .zero) },
            value: { text in
                duration(decimal: text).flatMap { range.contains($0) ? .some($0 == .zero ? nil : $0) : nil }
            }
        )
    }

    static func boolean(_ name: String, _ field: ConfigurationField<Bool>, _ effect: String) -> ConfigurationKey {
        ConfigurationKey(
            name,
            field,
            type: booleanType,
            effect: effect,
            text: { String($0) },
            value: { truth(of: $0) }
        )
    }

    /// A text. `type` names its meaning, and `isValid` checks it.
    static func text(
        _ name: String,
        _ field: ConfigurationField<String>,
        type: String = "text",
        _ effect: String,
        isValid: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> ConfigurationKey {
        ConfigurationKey(
            name,
            field,
            type: type,
            effect: effect,
            text: { $0 },
            value: { isPlainText($0) && isValid($0) ? $0 : nil }
        )
    }

    /// A text that is unset by default.
    static func text(
        _ name: String,
        _ field: ConfigurationField<String?>,
        type: String = "text",
        _ effect: String,
        isValid: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> ConfigurationKey {
        ConfigurationKey(
            name,
            field,
            type: type,
            effect: effect,
            text: { $0 },
            value: { isPlainText($0) && isValid($0) ? .some($0) : nil }
        )
    }

    /// One of an enumeration's cases, by raw value.
    static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String,
        _ field: ConfigurationField<Value>,
        _ effect: String
    ) -> ConfigurationKey where Value.RawValue == String {
        ConfigurationKey(
            name,
            field,
            type: Value.allCases.map(\.rawValue).joined(separator: "|"),
            effect: effect,
            text: { $0.rawValue },
            value: { Value(rawValue: $0) }
        )
    }

    /// One of an enumeration's cases, unset by default.
    static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String,
        _ field: ConfigurationField<Value?>,
        _ effect: String
    ) -> ConfigurationKey where Value.RawValue == String {
        ConfigurationKey(
            name,
            field,
            type: Value.allCases.map(\.rawValue).joined(separator: "|"),
            effect: effect,
            text: { $0?.rawValue },
            value: { text in Value(rawValue: text).map { .some($0) } }
        )
    }
}

/// Conversions between single values and text.
extension ConfigurationKey {
    /// Reads a boolean: the words that YAML 1.1 accepts for one, in any letter case, and the 1 and 0 that are usual in
    /// environment variables.
    static func truth(of text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    /// Reads a plain decimal number of seconds ("30", "0.5"), to the millisecond. Exponents, signs, hexadecimal numbers
    /// and names such as `inf` are refused, although `Double` would accept them.
    static func duration(decimal text: String) -> Duration? {
        let isPlain = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == 0x2E }
        // A number of 12 characters is far below the largest Int64 of milliseconds.
        guard isPlain, text.utf8.count <= 12, let seconds = Double(text) else { return nil }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }

    /// Writes a duration as a decimal number of seconds, to the millisecond.
    static func decimal(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return String(seconds) }
        var fraction = String(milliseconds + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(seconds).\(fraction)"
    }

    /// Longest text value in bytes: a path's own limit on Linux (PATH_MAX).
    private static let maxTextBytes = 4096

    private static func isPlainText(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= maxTextBytes
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
