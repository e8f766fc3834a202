import ArgumentParser
import Inference
import JSON
import Results

/// `swiftlet zero-shot`: tells how well the user's own labels fit each text.
struct ZeroShotCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "zero-shot",
        abstract: "Judge how well labels of your own fit each text, best first.",
        discussion: """
            The model must be one for natural language inference, such as typeform/mobilebert-uncased-mnli: each label \
            makes a hypothesis, and its score is the probability that the text entails it.

            EXAMPLES
              swiftlet zero-shot --model typeform/mobilebert-uncased-mnli --labels sports,politics "A late goal."
              swiftlet zero-shot --model ./mnli --labels "urgent, angry" --multi-label --input mails.txt
              swiftlet zero-shot --model ./mnli --labels good,bad --template "This film is {}." "I was moved."

            Each line of JSON is {"index": 0, "sequence": "…", "labels": [{"label": "…", "score": 0.9}, …]}; \
            index is the number of the line or argument, from 0.
            """
    )

    @OptionGroup var task: TaskOptions

    @Option(help: ArgumentHelp("Labels that a text may have, separated by commas.", valueName: "labels"))
    var labels: String

    @Option(help: ArgumentHelp("Hypothesis for each label; the label replaces {}.", valueName: "text"))
    var template = "This example is {}."

    @Flag(help: "Judge each label by itself. Otherwise the scores of all labels add up to 1.")
    var multiLabel = false

    func validate() throws {
        if ZeroShotOptions.labels(separatedByCommas: labels).isEmpty {
            throw ValidationError("--labels must have at least one label")
        }
    }

    func run() async throws {
        var options = ZeroShotOptions(labels: ZeroShotOptions.labels(separatedByCommas: labels))
        options.input = task.length.inputOptions
        options.hypothesisTemplate = template
        options.isMultiLabel = multiLabel
        try await run(task) { [options] inference, text in
            try await inference.zeroShot([text.content], options: options).value.first ?? []
        }
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
