import ArgumentParser

/// Which texts a command works on, and how it shows the results.
struct TextOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Texts. Without any: one text a line from --input or standard input.",
            valueName: "text"
        )
    )
    var texts: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File to read, one text a line; - is standard input. Empty lines are skipped.",
            valueName: "file"
        )
    )
    var input: String?

    @Option(help: "Form of the results: auto is text in a terminal and json (one object a line) elsewhere.")
    var format = OutputFormat.auto

    func validate() throws {
        if !texts.isEmpty, input != nil {
            throw ValidationError("texts are given both as arguments and by --input; choose one")
        }
    }

    var source: TextSource {
        if !texts.isEmpty { return .arguments(texts) }
        guard let input, input != "-" else { return .standardInput }
        return .file(path: input)
    }
}
