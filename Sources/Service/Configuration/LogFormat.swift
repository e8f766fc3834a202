/// The form of a log line.
package enum LogFormat: String, Sendable, CaseIterable {
    /// `text` where standard error is a terminal, else `json`.
    case auto
    /// One JSON object a line, for a log collector.
    case json
    /// Plain words, for people.
    case text
}
