import ArgumentParser
import Inference
import JSON
import Results

/// `swiftlet fill-mask`: gives the most probable words for each mask.
struct FillMaskCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill-mask",
        abstract: "Predict the words for [MASK] in each text, best first.",
        discussion: """
            The model must have a head for masked language modelling, such as MobileBertForMaskedLM or \
            MobileBertForPreTraining. Scores are probabilities among all tokens of the vocabulary.

            EXAMPLES
              swiftlet fill-mask --model google/mobilebert-uncased "Paris is the [MASK] of France."
              swiftlet fill-mask --model ./mobilebert-mlm --target good --target bad "The film was [MASK]."
              swiftlet fill-mask --model ./mobilebert-mlm --top-k 1 --input texts.txt | jq -r '.masks[0][0].sequence'

            Each line of JSON is {"index": 0, "text": "…", "masks": [[{"score": 0.9, "token": 3007, \
            "token_str": "…", "sequence": "…"}, …]]}, with a list for each [MASK]; index is the number of \
            the line or argument, from 0.
            """
    )

    @OptionGroup var task: TaskOptions

    @Option(help: ArgumentHelp("How many words to give for each [MASK].", valueName: "count"))
    var topK = 5

    @Option(
        name: .customLong("target"),
        help: ArgumentHelp("Word to consider; may be repeated. (default: the whole vocabulary)", valueName: "word")
    )
    var targets: [String] = []

    func validate() throws {
        if topK < 1 { throw ValidationError("--top-k must be at least 1, not \(topK)") }
    }

    func run() async throws {
        var options = FillMaskOptions()
        options.input = task.length.inputOptions
        options.topK = topK
        options.targets = targets.isEmpty ? nil : targets
        try await run(task) { [options] inference, text in
            try await inference.fillMasks([.text(text.content)], options: options).value.first ?? []
        }
    }

    func write(_ masks: [[MaskCandidate]], of text: Text, to writer: inout JSONWriter) {
        writer.key("text")
        writer.string(text.content)
        writer.key("masks")
        writer.array(masks) { writer, mask in writer.array(mask) { $1.write(to: &$0) } }
    }

    func lines(_ masks: [[MaskCandidate]], of text: Text) -> [String] {
        let rows = masks.enumerated().flatMap { index, mask in
            mask.map { candidate in
                [
                    "", masks.count == 1 ? "" : "\(index + 1)", Columns.shown(candidate.tokenText),
                    Decimals.fixed(candidate.score, digits: 4), Columns.bar(candidate.score),
                ]
            }
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [3])
    }
}
