import ArgumentParser
import Encoder
import Inference
import JSON
import Results

/// `swiftlet classify`: gives labels with scores, best first.
struct ClassifyCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Give each text its labels with score and logit, best first.",
        discussion: """
            The model must be a MobileBertForSequenceClassification. Scores are the softmax of the logits; for a \
            multi-label model, their sigmoid; for regression, the logits themselves. With --calibrated, logits are \
            divided by the temperature that fit measured, so that of the labels with a score of 0.8, eight of ten are \
            right.

            EXAMPLES
              swiftlet classify "a gorgeous, witty, seductive movie"
              swiftlet classify --input reviews.txt > labels.jsonl
              cut -f1 reviews.tsv | swiftlet classify --top-k 1 --format json | jq -r .labels[0].label

            Each line of JSON is {"index": 0, "text": "…", "labels": [{"label": "…", "score": 0.99, "logit": 3.2}, \
            …]}; index is the number of the line or argument, from 0.
            """
    )

    @OptionGroup var task: TaskOptions

    @Option(help: ArgumentHelp("Give only the best labels of each text. (default: all)", valueName: "count"))
    var topK: Int?

    @Flag(help: "Give the logits as scores.")
    var rawScores = false

    @Flag(help: "Give calibrated scores, for a model whose config.json has calibration_temperature.")
    var calibrated = false

    @Option(help: ArgumentHelp("Second text for each text, for a model of text pairs.", valueName: "text"))
    var pair: String?

    func validate() throws {
        if calibrated, rawScores { throw ValidationError("--calibrated and --raw-scores exclude each other") }
        if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1, not \(topK)") }
    }

    func run() async throws {
        var options = ClassifyOptions()
        options.input = task.length.inputOptions
        options.function = rawScores ? .identity : nil
        options.isCalibrated = calibrated
        options.topK = topK
        try await run(task) { [options, pair] inference, text in
            let input = pair.map { TextInput.pair(text.content, $0) } ?? .text(text.content)
            return try await inference.classify([input], options: options).value.first ?? []
        }
    }

    func write(_ labels: [Classification], of text: Text, to writer: inout JSONWriter) {
        writer.key("text")
        writer.string(text.content)
        writer.key("labels")
        writer.array(labels) { writer, label in label.write(to: &writer) }
    }

    func lines(_ labels: [Classification], of text: Text) -> [String] {
        let rows = labels.map { label in
            let score = Decimals.fixed(label.score, digits: 4)
            let logit = "logit " + Decimals.fixed(label.logit, digits: 3)
            return ["", label.label, score, logit] + (rawScores ? [] : [Columns.bar(label.score)])
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [2, 3])
    }
}
