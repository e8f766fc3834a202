import ArgumentParser
import JSON
import Service

/// `swiftlet next-sentence`: whether one text goes on with another.
struct NextSentenceCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "next-sentence",
        abstract: "Tell of pairs of texts whether the second follows the first.",
        discussion: """
            The model must have a head for next sentence prediction, as MobileBertForNextSentencePrediction or \
            MobileBertForPreTraining. A pair is a text with --pair, or one text with a tab between the two.

            EXAMPLES
              swiftlet next-sentence --model google/mobilebert-uncased --pair "It was late." "She went home."
              swiftlet next-sentence --model google/mobilebert-uncased --input pairs.txt > answers.jsonl

            Each line of JSON is {"index": 0, "is_next": 0.98, "not_next": 0.02, "logits": [3.1, -0.8]}; index is the \
            line's or the argument's number, from 0.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags
    @OptionGroup var textOptions: TextOptions
    @OptionGroup var lengthOptions: LengthOptions

    @Option(help: ArgumentHelp("Second text of each pair. (default: what is behind the text's tab)", valueName: "text"))
    var pair: String?

    func run() async throws {
        let inference = try await modelOptions.startInference(engine: engineFlags.options)
        let options = lengthOptions.inputOptions
        let source = textOptions.source
        try await run(textOptions) { [pair] text in
            guard let input = Self.pair(text, pair) else {
                let reason = "it is no pair of texts; give --pair, or a tab between the two"
                throw CommandError.unusableText(place: source.place(of: text), reason: reason)
            }
            let answers = try await inference.nextSentence([input], options: options).value
            return answers[0]
        }
        await inference.shutDown()
    }

    /// A text with its second one; nil when there is none.
    private static func pair(_ text: Text, _ pair: String?) -> TextInput? {
        if let pair { return .pair(text.content, pair) }
        let parts = text.content.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? .pair(String(parts[0]), String(parts[1])) : nil
    }

    func write(_ answer: NextSentence, of text: Text, to writer: inout JSONWriter) { answer.write(to: &writer) }

    func lines(_ answer: NextSentence, of text: Text) -> [String] {
        let rows = [("is next", answer.isNext), ("is not", answer.notNext)].map { name, share in
            ["", name, Decimals.fixed(share, digits: 4), Columns.bar(share)]
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [2])
    }
}
