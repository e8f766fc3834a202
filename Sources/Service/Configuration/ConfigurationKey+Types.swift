/// Reference to the property of a configuration that a key reads and writes.
typealias ConfigurationField<Value> = any WritableKeyPath<ServiceConfiguration, Value> & Sendable

/// The types that a setting may have: each says how a value is written, read back and checked.
extension ConfigurationKey {
    /// Longest text value in bytes: a path's own limit on Linux (PATH_MAX).
    static let maxTextBytes = 4096

    static func integer(
        _ name: String,
        _ field: ConfigurationField<Int>,
        unit: String,
        in range: ClosedRange<Int>,
        _ effect: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            type: "integer",
            unit: unit,
            range: "\(range.lowerBound) to \(range.upperBound)",
            effect: effect,
            read: { String($0[keyPath: field]) },
            write: { configuration, text in
                guard let value = Int(text), range.contains(value) else { return false }
                configuration[keyPath: field] = value
                return true
            }
        )
    }

    static func seconds(
        _ name: String,
        _ field: ConfigurationField<Duration>,
        in range: ClosedRange<Duration>,
        _ effect: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            type: "seconds",
            unit: nil,
            range: "\(decimal(range.lowerBound)) to \(decimal(range.upperBound))",
            effect: effect,
            read: { decimal($0[keyPath: field]) },
            write: { configuration, text in
                guard let value = duration(decimal: text), range.contains(value) else { return false }
                configuration[keyPath: field] = value
                return true
            }
        )
    }

    static func boolean(_ name: String, _ field: ConfigurationField<Bool>, _ effect: String) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            type: booleanType,
            unit: nil,
            range: nil,
            effect: effect,
            read: { String($0[keyPath: field]) },
            write: { configuration, text in
                guard let value = truth(of: text) else { return false }
                configuration[keyPath: field] = value
                return true
            }
        )
    }

    /// A text; `type` names what it stands for, and `isValid` holds it to that.
    static func text(
        _ name: String,
        _ field: ConfigurationField<String>,
        type: String = "text",
        _ effect: String,
        isValid: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            type: type,
            unit: nil,
            range: nil,
            effect: effect,
            read: { $0[keyPath: field] },
            write: { configuration, text in
                guard isPlainText(text), isValid(text) else { return false }
                configuration[keyPath: field] = text
                return true
            }
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
            name: name,
            type: type,
            unit: nil,
            range: nil,
            effect: effect,
            read: { $0[keyPath: field] },
            write: { configuration, text in
                guard isPlainText(text), isValid(text) else { return false }
                configuration[keyPath: field] = text
                return true
            }
        )
    }

    /// One of an enumeration's cases, by raw value.
    static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String,
        _ field: ConfigurationField<Value>,
        _ effect: String
    ) -> ConfigurationKey where Value.RawValue == String {
        ConfigurationKey(
            name: name,
            type: Value.allCases.map(\.rawValue).joined(separator: "|"),
            unit: nil,
            range: nil,
            effect: effect,
            read: { $0[keyPath: field].rawValue },
            write: { configuration, text in
                guard let value = Value(rawValue: text) else { return false }
                configuration[keyPath: field] = value
                return true
            }
        )
    }

    /// One of an enumeration's cases, unset by default.
    static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String,
        _ field: ConfigurationField<Value?>,
        _ effect: String
    ) -> ConfigurationKey where Value.RawValue == String {
        ConfigurationKey(
            name: name,
            type: Value.allCases.map(\.rawValue).joined(separator: "|"),
            unit: nil,
            range: nil,
            effect: effect,
            read: { $0[keyPath: field]?.rawValue },
            write: { configuration, text in
                guard let value = Value(rawValue: text) else { return false }
                configuration[keyPath: field] = value
                return true
            }
        )
    }
}

/// How single values are written and read.
extension ConfigurationKey {
    /// The words that YAML 1.1 takes for a boolean, in any case, and the 1 and 0 that are usual in an environment.
    static func truth(of text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    /// Reads a plain decimal number of seconds ("30", "0.5"), to the millisecond. Exponents, signs, hexadecimal and
    /// names such as `inf`, which `Double` would take, are not.
    static func duration(decimal text: String) -> Duration? {
        let isPlain = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == 0x2E }
        // 12 characters stay far below what an Int64 of milliseconds can hold.
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

    private static func isPlainText(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= maxTextBytes
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
