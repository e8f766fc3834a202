/// Why a configuration was refused. Nothing is guessed: each message says where the fault is and what would be right.
package enum ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The configuration file could not be read.
    case unreadableFile(path: String, reason: String)
    /// The configuration file is not a flat list of `key: value`.
    case malformedFile(path: String, line: Int?, reason: String)
    /// A name that stands for no key; `nearest` is the known one that looks most like it, in the source's spelling.
    case unknownKey(name: String, source: ConfigurationSource, nearest: String?)
    /// A value of the wrong type or out of range.
    case invalidValue(key: String, value: String, source: ConfigurationSource, expected: String)
    /// The last flag has no value after it.
    case missingValue(flag: String, expected: String)
    /// A word among the flags that belongs to none.
    case unexpectedArgument(String)
    /// Two settings that cannot hold together.
    case contradiction(String)
    /// A file that a setting names cannot be used.
    case unusable(String)
    /// No model was named and the bundled one is in none of these places.
    case modelNotFound(searched: [String])

    /// True when the fault lies in the command line, so that the exit status is that of wrong usage.
    package var isUsageError: Bool {
        switch self {
        case .missingValue, .unexpectedArgument, .unknownKey(_, .flag, _), .invalidValue(_, _, .flag, _): true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .unreadableFile(let path, let reason):
            return "cannot read the configuration file \(path): \(reason)"
        case .malformedFile(let path, let line, let reason):
            return "\(path)\(line.map { ":\($0)" } ?? ""): \(reason)"
        case .unknownKey(let name, let source, let nearest):
            let hint = nearest.map { "; did you mean \($0)?" } ?? ""
            switch source {
            case .file: return "\(source): unknown key \(Self.quoted(name))\(hint)"
            case .environment: return "unknown environment variable \(Self.shown(name))\(hint)"
            case .flag: return "unknown flag \(Self.shown(name))\(hint)"
            }
        case .invalidValue(let key, let value, let source, let expected):
            return "\(source): \(key) is \(Self.quoted(value)), expected \(expected)"
        case .missingValue(let flag, let expected):
            return "flag \(flag) has no value, expected \(expected)"
        case .unexpectedArgument(let word):
            return "unexpected argument \(Self.quoted(word)); settings are written --key value or --key=value"
        case .contradiction(let explanation), .unusable(let explanation):
            return explanation
        case .modelNotFound(let searched):
            return "no model was named (--model DIR or SWIFTLET_MODEL) and the bundled one is in none of:\n  "
                + searched.joined(separator: "\n  ")
        }
    }

    /// Longest value that is shown whole in a message.
    private static let maxShownLength = 100

    private static func quoted(_ text: String) -> String { "\"\(shown(text))\"" }

    /// A text as it may stand in a line of a terminal or of a log: short, and without control characters.
    private static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(maxShownLength).map { scalar in
            scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return scalars.joined() + (text.unicodeScalars.count > maxShownLength ? "…" : "")
    }
}
