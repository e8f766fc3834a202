/// Where a setting was written: what an error about it must name.
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
