import ArgumentParser

/// How the texts of an input of records are found.
struct RecordOptions: ParsableArguments {
    @Option(
        name: [.customLong("text-column"), .customLong("text-key")],
        help: ArgumentHelp("Column of a table, or key of JSON objects, that holds the text. (default: text)")
    )
    var textColumn: String?

    @Option(
        help: ArgumentHelp(
            "Form of the input: txt (one text a line), jsonl, csv or tsv. (default: by the file's ending, else txt)",
            valueName: "form"
        )
    )
    var inputFormat: RecordFormat?

    /// What the options say where no column is named.
    static let defaultColumn = "text"

    /// The fields of the input's records; nil for lines of text.
    func fields(of path: String?) -> RecordFields? {
        let format = inputFormat ?? path.map(RecordFormat.init(path:)) ?? .txt
        guard format != .txt else { return nil }
        return RecordFields(format: format, names: [textColumn ?? Self.defaultColumn])
    }

    /// - Throws: where a column is named of an input that has none.
    func validate(for path: String?) throws {
        if let textColumn, fields(of: path) == nil {
            throw ValidationError(
                "--text-column \(textColumn): lines of text have no columns; --input-format can change that"
            )
        }
    }

    /// - Throws: where they are given though there are no records.
    func refuse() throws {
        if textColumn != nil || inputFormat != nil {
            throw ValidationError("--text-column and --input-format are for --input, not for texts as arguments")
        }
    }
}
