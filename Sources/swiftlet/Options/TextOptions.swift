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
            "File to read; - is standard input. Lines of text, of which empty ones are skipped, or records.",
            discussion: "Its ending says what it is: .jsonl, .csv and .tsv are records, all others lines.",
            valueName: "file"
        )
    )
    var input: String?

    @OptionGroup var records: RecordOptions

    @Option(help: "Form of the results: auto is text in a terminal and json (one object a line) elsewhere.")
    var format = OutputFormat.auto

    func validate() throws {
        if !texts.isEmpty, input != nil {
            throw ValidationError("texts are given both as arguments and by --input; choose one")
        }
        if !texts.isEmpty { try records.refuse() }
        try records.validate(for: input)
    }

    var source: TextSource {
        if !texts.isEmpty { return .arguments(texts) }
        let path = input == "-" ? nil : input
        if let fields = records.fields(of: path) { return .records(path: path, fields) }
        return path.map { .file(path: $0) } ?? .standardInput
    }

    /// The input with a text for each line or record, empty ones too; for results that are told apart by their place.
    var recordSource: TextSource {
        let path = input == "-" ? nil : input
        return .records(path: path, records.fields(of: path) ?? RecordFields(format: .txt, names: []))
    }
}
