import ArgumentParser
import JSON
import Service

/// `swiftlet zero-shot`: how well labels of the user's own fit each text.
struct ZeroShotCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "zero-shot",
        abstract: "Judge how well labels of your own fit each text, best first.",
        discussion: """
            The model must be one of natural language inference, as typeform/mobilebert-uncased-mnli: each label makes \
            a hypothesis, and the score is how far the text entails it.

            EXAMPLES
              swiftlet zero-shot --model typeform/mobilebert-uncased-mnli --labels sports,politics "A late goal."
              swiftlet zero-shot --model ./mnli --labels "urgent, angry" --multi-label --input mails.txt
              swiftlet zero-shot --model ./mnli --labels good,bad --template "This film is {}." "I was moved."

            Each line of JSON is {"index": 0, "sequence": "…", "labels": [{"label": "…", "score": 0.9}, …]}; index is \
            the line's or the argument's number, from 0.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags
    @OptionGroup var textOptions: TextOptions
    @OptionGroup var lengthOptions: LengthOptions

    @Option(help: ArgumentHelp("What a text may be about, with commas between.", valueName: "labels"))
    var labels: String

    @Option(help: ArgumentHelp("What becomes of a label, which is put in the place of {}.", valueName: "text"))
    var template = "This example is {}."

    @Flag(help: "Judge each label by itself; else scores add up to 1.")
    var multiLabel = false

    func validate() throws {
        if ZeroShotOptions.labels(separatedByCommas: labels).isEmpty {
            throw ValidationError("--labels must have at least one label")
        }
    }

    func run() async throws {
        let inference = try await modelOptions.startInference(engine: engineFlags.options)
        var options = ZeroShotOptions(labels: ZeroShotOptions.labels(separatedByCommas: labels))
        options.input = lengthOptions.inputOptions
        options.hypothesisTemplate = template
        options.isMultiLabel = multiLabel
        try await run(textOptions) { [options] text in
            try await inference.zeroShot([text.content], options: options).value.first ?? []
        }
        await inference.shutDown()
    }

    func write(_ labels: [LabelScore], of text: Text, to writer: inout JSONWriter) {
        writer.key("sequence")
        writer.string(text.content)
        writer.key("labels")
        writer.array(labels) { $1.write(to: &$0) }
    }

    func lines(_ labels: [LabelScore], of text: Text) -> [String] {
        let rows = labels.map { label in
            ["", Columns.shown(label.label), Decimals.fixed(label.score, digits: 4), Columns.bar(label.score)]
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [2])
    }
}
