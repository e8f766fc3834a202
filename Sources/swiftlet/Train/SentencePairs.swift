import ArgumentParser
import Encoder
import JSON
import Training

/// The options for the columns of sentence pairs.
struct PairOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Column of the texts that are searched with. (default: anchor)", valueName: "name"))
    var anchorColumn: String?

    @Option(help: ArgumentHelp("Column of the texts that answer the anchors. (default: positive)", valueName: "name"))
    var positiveColumn: String?

    @Option(
        help: ArgumentHelp(
            """
            Column of texts that look like answers and are none; empty ones are left out. May be given more than \
            once. (default: negative, negative_1, negative_2 …, where the file has them)
            """,
            valueName: "name"
        )
    )
    var negativeColumn: [String] = []

    @Option(
        name: .customLong("sentence1-column"),
        help: ArgumentHelp("Column of the first texts of scored pairs. (default: sentence1)", valueName: "name")
    )
    var sentence1Column: String?

    @Option(
        name: .customLong("sentence2-column"),
        help: ArgumentHelp("Column of the second texts of scored pairs. (default: sentence2)", valueName: "name")
    )
    var sentence2Column: String?

    @Option(help: ArgumentHelp("Column of the scores of pairs. (default: score)", valueName: "name"))
    var scoreColumn: String?

    @Option(help: "Factor of the cosines in the loss: 1 / temperature.")
    var scale = 20.0

    func validate() throws {
        guard scale > 0, scale.isFinite else { throw ValidationError("--scale must be more than 0, not \(scale)") }
        if namesScored, namesPositives {
            throw ValidationError(
                "--anchor-column, --positive-column and --negative-column are for pairs that belong together, "
                    + "--sentence1-column, --sentence2-column and --score-column for pairs with scores"
            )
        }
    }

    private var namesScored: Bool { sentence1Column != nil || sentence2Column != nil || scoreColumn != nil }
    private var namesPositives: Bool { anchorColumn != nil || positiveColumn != nil || !negativeColumn.isEmpty }

    /// Whether any option names a column.
    var isGiven: Bool { namesScored || namesPositives }

    private var scored: [String] {
        [sentence1Column ?? "sentence1", sentence2Column ?? "sentence2", scoreColumn ?? "score"]
    }
    private var positives: [String] { [anchorColumn ?? "anchor", positiveColumn ?? "positive"] }

    /// The columns to read of a file that has these, and what they hold.
    ///
    /// - Throws: `unusableText` if the file has neither kind.
    func columns(among names: [String], of path: String) throws(CommandError) -> (kind: PairKind, names: [String]) {
        func has(_ wanted: [String]) -> Bool { wanted.allSatisfy { name in names.contains { $0.equals(name) } } }
        let isNegative = { (name: String) in
            name.rest(after: "negative").map { $0.isEmpty || $0.rest(after: "_").flatMap { Int($0) } != nil } ?? false
        }
        if has(scored), !has(positives) || namesScored { return (.scored, scored) }
        if has(positives) {
            let negatives = negativeColumn.isEmpty ? names.filter(isNegative) : negativeColumn
            return (.positives, positives + negatives)
        }
        let expected = [positives, scored].map { $0.joined(separator: ", ") }.joined(separator: "; or ")
        throw .unusableText(
            place: path,
            reason: "columns \(names.joined(separator: ", ")); expected \(expected), or options that name others"
        )
    }
}

/// Pairs of texts that belong together, with negatives or without, or pairs with scores: the data of sentence
/// similarity.
struct SentencePairs: TaskData {
    private struct Pair {
        /// Anchor, positive, and negatives; or two texts.
        var texts: [String]
        var target: Target
        var line: Int
    }

    let kind: PairKind
    private let source: TextSource
    private var pairs: [Pair] = []

    /// Reads a file.
    ///
    /// - Throws: `unusableText` with file and line.
    init(path: String, format: RecordFormat, options: PairOptions) throws(CommandError) {
        let form = TextSource.records(path: path, RecordFields(format: format, names: []))
        let columns = try options.columns(among: try form.names(), of: path)
        source = .records(path: path, RecordFields(format: format, names: columns.names))
        kind = columns.kind
        var fault: CommandError?
        var pairs: [Pair] = []
        let source = source
        try source.forEachRecord { record in
            guard fault == nil else { return }
            do throws(CommandError) {
                pairs.append(try Self.pair(record, columns.kind, columns.names, in: source))
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        guard !pairs.isEmpty else { throw .unusableText(place: path, reason: "there are no pairs") }
        self.pairs = pairs
    }

    private static func pair(
        _ record: Record,
        _ kind: PairKind,
        _ names: [String],
        in source: TextSource
    ) throws(CommandError) -> Pair {
        let place = { source.place(ofLine: record.line) }
        for (name, text) in zip(names, record.values).prefix(2) where text.isBlank {
            throw .unusableText(place: place(), reason: "\"\(name)\" is empty")
        }
        switch kind {
        case .positives:
            let texts = record.values.prefix(2) + record.values.dropFirst(2).filter { !$0.isBlank }
            return Pair(texts: Array(texts), target: .none, line: record.line)
        case .scored:
            guard let score = Float(record.values[2].stripped), score.isFinite else {
                let shown = Columns.shown(record.values[2], width: 40)
                throw .unusableText(place: place(), reason: "\"\(names[2])\" is \"\(shown)\"; expected a number")
            }
            return Pair(texts: Array(record.values.prefix(2)), target: .values([score]), line: record.line)
        }
    }

    var labels: [String] { [] }

    var classes: [Int] { Array(repeating: 0, count: pairs.count) }

    func subset(_ numbers: [Int]) -> SentencePairs {
        var part = self
        part.pairs = numbers.map { pairs[$0] }
        return part
    }

    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TaskExamples {
        var examples: [TokenizedExample] = []
        examples.reserveCapacity(pairs.count)
        for pair in pairs {
            var sequences: [TokenizedSequence] = []
            for text in pair.texts {
                sequences.append(try tokenizer.sequence(text, place: source.place(ofLine: pair.line)))
            }
            examples.append(TokenizedExample(sequences, pair.target))
        }
        return TaskExamples(set: TrainingSet(examples)) { number, example, output in
            let texts = pairs[number].texts.prefix(2).joined(separator: " | ")
            let cosine = ("cosine", Decimals.significant(output.cosine))
            guard case .values(let scores) = example.target, let score = scores.first else {
                return ShownExample(texts, [cosine])
            }
            return ShownExample(texts, [("score", Decimals.significant(Double(score))), cosine])
        }
    }
}
