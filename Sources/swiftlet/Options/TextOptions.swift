import ArgumentParser
import Inference
import Tokenization

/// The options for a command's texts and the form of its results.
struct TextOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Texts. Without any, --input or standard input is read, one text on each line.",
            valueName: "text"
        )
    )
    var texts: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File to read, of texts on lines or of records; - is standard input. Empty lines are skipped.",
            discussion: "Files that end in .jsonl, .csv or .tsv hold records, all others lines.",
            valueName: "file"
        )
    )
    var input: String?

    @OptionGroup var records: RecordOptions

    @Option(help: "Form of the results: auto is text in a terminal and json (one object on each line) elsewhere.")
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

    /// The input with one text for each line or record, even if it is empty, for results that are identified by their
    /// place.
    var recordSource: TextSource {
        let path = input == "-" ? nil : input
        return .records(path: path, records.fields(of: path) ?? RecordFields(format: .txt, names: []))
    }
}

/// The options for finding the texts in an input of records.
struct RecordOptions: ParsableArguments {
    @Option(
        name: [.customLong("text-column"), .customLong("text-key")],
        help: ArgumentHelp("Column of a table, or key of JSON objects, that holds the text. (default: text)")
    )
    var textColumn: String?

    @Option(
        help: ArgumentHelp(
            "Form of the input: txt (lines of text), jsonl, csv or tsv. (default: by the file's ending, else txt)",
            valueName: "form"
        )
    )
    var inputFormat: RecordFormat?

    /// The column's name if none is given.
    static let defaultColumn = "text"

    /// The form of an input.
    func format(of path: String?) -> RecordFormat { inputFormat ?? path.map(RecordFormat.init(path:)) ?? .txt }

    /// The fields of the input's records; nil for lines of text.
    func fields(of path: String?) -> RecordFields? {
        let format = format(of: path)
        guard format != .txt else { return nil }
        return RecordFields(format: format, names: [textColumn ?? Self.defaultColumn])
    }

    /// Checks the options for an input.
    /// - Throws: if a column is named for an input without columns.
    func validate(for path: String?) throws {
        if let textColumn, fields(of: path) == nil {
            throw ValidationError(
                "--text-column \(textColumn): lines of text have no columns; --input-format can change that"
            )
        }
    }

    /// Refuses the options, because the texts are arguments.
    /// - Throws: if any of the options is given.
    func refuse() throws {
        if textColumn != nil || inputFormat != nil {
            throw ValidationError("--text-column and --input-format are for --input, not for texts as arguments")
        }
    }
}

extension TruncationDirection: ExpressibleByArgument {}

/// The options for texts that are too long.
struct LengthOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Most tokens of a text, special tokens included.", valueName: "tokens"))
    var maxLength: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "Cut a text that is too long, or report an error. (default: cut)"
    )
    var truncate: Bool?

    @Option(
        help: ArgumentHelp("The end at which a text is cut. (default: the model's, mostly right)", valueName: "end")
    )
    var truncationDirection: TruncationDirection?

    func validate() throws {
        if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength)") }
    }

    var inputOptions: InputOptions {
        InputOptions(truncate: truncate, truncationDirection: truncationDirection, maxLength: maxLength)
    }
}
