import ArgumentParser
import Encoder
import Inference
import JSON
import Results

extension AggregationStrategy: ExpressibleByArgument {}

/// `swiftlet token-classify`: finds the names in each text, or the kinds of its words.
struct TokenClassifyCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "token-classify",
        abstract: "Give the tokens of each text their labels: names, places, parts of speech.",
        discussion: """
            The model must have a head for token classification, such as MobileBertForTokenClassification.

            EXAMPLES
              swiftlet token-classify --model ./mobilebert-ner --aggregation simple "Ada Lovelace lived in London."
              swiftlet token-classify --model ./mobilebert-ner --aggregation first --stride 64 --input pages.txt

            Each line of JSON is {"index": 0, "entities": [{"entity_group": "PER", "score": 0.99, "word": "…", \
            "start": 0, "end": 12}, …]}. With --aggregation none, entity and the token's index take the place of \
            entity_group. start and end count Unicode scalars of the text; the outer index is the number of the line \
            or argument, from 0.
            """
    )

    @OptionGroup var task: TaskOptions

    @Option(help: "How the labels of tokens are joined into words and names: not at all, or by one of four rules.")
    var aggregation = AggregationStrategy.none

    @Option(help: ArgumentHelp("Label to leave out; may be given several times. (default: O)", valueName: "label"))
    var ignoreLabel: [String] = []

    @Option(
        help: ArgumentHelp(
            "Read a long text in windows with this many tokens in common, uncut. Not with --aggregation none.",
            valueName: "tokens"
        )
    )
    var stride: Int?

    func validate() throws {
        guard let stride else { return }
        if stride < 0 { throw ValidationError("--stride must be at least 0, not \(stride)") }
        if aggregation == .none { throw ValidationError("--stride takes an --aggregation other than none") }
    }

    func run() async throws {
        var options = TokenClassificationOptions()
        options.input = task.length.inputOptions
        options.aggregation = aggregation
        options.stride = stride
        if !ignoreLabel.isEmpty { options.ignoredLabels = Set(ignoreLabel.map { ExactText($0) }) }
        try await run(task) { [options] inference, text in
            try await inference.classifyTokens([text.content], options: options).value.first ?? []
        }
    }

    func write(_ entities: [Entity], of text: Text, to writer: inout JSONWriter) {
        writer.key("entities")
        writer.array(entities) { writer, entity in entity.write(to: &writer) }
    }

    func lines(_ entities: [Entity], of text: Text) -> [String] {
        let rows = entities.map { entity in
            let score = Decimals.fixed(entity.score, digits: 4)
            return ["", Columns.shown(entity.word), entity.label, score, "\(entity.start)–\(entity.end)"]
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [3, 4])
    }
}
