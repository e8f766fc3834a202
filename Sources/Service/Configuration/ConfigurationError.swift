/// The reason why a configuration was refused. Each message says where the fault is and which values would be valid.
package enum ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The configuration file could not be read.
    case unreadableFile(path: String, reason: String)
    /// The configuration file is not a flat list of `key: value`.
    case malformedFile(path: String, line: Int?, reason: String)
    /// A name that no key has. `nearest` is the most similar known name, in the source's spelling.
    case unknownKey(name: String, source: ConfigurationSource, nearest: String?)
    /// A value of the wrong type or out of range.
    case invalidValue(key: String, value: String, source: ConfigurationSource, expected: String)
    /// The last flag has no value after it.
    case missingValue(flag: String, expected: String)
    /// A word among the flags that belongs to no flag.
    case unexpectedArgument(String)
    /// Settings that contradict each other.
    case contradiction(String)
    /// A file that a setting names cannot be used.
    case unusable(String)

    /// True if the fault is in the command line. The exit status is then the one of wrong usage.
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
        }
    }

    /// Longest value that is shown whole in a message.
    private static let maxShownLength = 100

    private static func quoted(_ text: String) -> String { "\"\(shown(text))\"" }

    /// A text made safe for a line of a terminal or a log: short, and without control characters.
    private static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(maxShownLength).map { scalar in
            scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return scalars.joined() + (text.unicodeScalars.count > maxShownLength ? "…" : "")
    }
}

/// The place where a setting was written, which an error about the setting names.
package enum ConfigurationSource: Sendable, Equatable, CustomStringConvertible {
    /// A command-line flag, as `--max-batch-tokens`.
    case flag(String)
    /// An environment variable, by name.
    case environment(String)
    /// A line (counted from 1) of the YAML file at `path`.
    case file(path: String, line: Int)

    package var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment variable \(name)"
        case .file(let path, let line): "\(path):\(line)"
        }
    }
}

/// Finds the known name that is most similar to a mistyped one.
enum EditDistance {
    /// Longer names are not compared: no key is nearly this long, and the cost is the product of both lengths.
    private static let maxLength = 64

    /// The candidate with the fewest edits from `name`; nil if no candidate is similar enough (at most one edit for
    /// every three bytes).
    static func nearest(to name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= maxLength else { return nil }
        let ranked = candidates.map { (name: $0, distance: distance(Array(name.utf8), Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, name.utf8.count / 3) ? best.name : nil
    }

    /// The number of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment) that turn
    /// one name into the other. O(first × second) time, O(second) space.
    static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...second.count)
        for (i, byte) in first.enumerated() {
            var row = [i + 1]
            for (j, other) in second.enumerated() {
                let substituted = previous[j] + (byte == other ? 0 : 1)
                var best = min(substituted, previous[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, byte == second[j - 1], first[i - 1] == other {
                    best = min(best, beforePrevious[j - 1] + 1)
                }
                row.append(best)
            }
            (beforePrevious, previous) = (previous, row)
        }
        return previous[second.count]
    }
}
