import ArgumentParser

/// The form of the results.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// `text` in a terminal, `json` in a pipe or a file.
    case auto
    /// For people.
    case text
    /// JSON Lines: one object a line.
    case json

    /// The form to write in, `text` or `json`.
    var resolved: OutputFormat {
        guard self == .auto else { return self }
        return StandardOutput.isTerminal ? .text : .json
    }
}
