import Encoder
import Tokenization
import Training

/// Texts, or pairs of texts, with their labels: the data of text classification.
struct ClassifiedTexts: TaskData {
    let labels: [String]
    private let source: TextSource
    private var texts: [Text]
    /// Each text's second one; empty without.
    private var pairs: [String]
    private var targets: [Target]
    private let problemType: SequenceClassifier.ProblemType

    /// Reads a file.
    ///
    /// - Parameter known: as in ``LabelledTexts/targets(_:known:)``.
    /// - Throws: `unusableText` with file and line.
    init(path: String, fields: RecordFields, form: LabelForm, known: [String]?) throws(CommandError) {
        let labelled = try LabelledTexts(path: path, fields: fields, allowsEmptyLabels: form.allowsNone)
        (labels, targets) = try labelled.targets(form, known: known)
        problemType = form.problemType
        (source, texts, pairs) = (labelled.source, labelled.texts, labelled.pairs)
    }

    var classes: [Int] { targets.map(\.stratum) }

    func subset(_ numbers: [Int]) -> ClassifiedTexts {
        var part = self
        (part.texts, part.targets) = (numbers.map { texts[$0] }, numbers.map { targets[$0] })
        if !pairs.isEmpty { part.pairs = numbers.map { pairs[$0] } }
        return part
    }

    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TaskExamples {
        var examples: [TokenizedExample] = []
        examples.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            let pair = pairs.isEmpty ? nil : pairs[index]
            let sequence = try tokenizer.sequence(text.content, pair: pair, place: source.place(of: text))
            examples.append(TokenizedExample([sequence], targets[index]))
        }
        return TaskExamples(set: TrainingSet(examples), shown: shown)
    }

    private func shown(_ number: Int, _ example: TokenizedExample, _ output: ExampleOutput) -> ShownExample {
        let text = pairs.isEmpty ? texts[number].content : "\(texts[number].content) | \(pairs[number])"
        let names = { (indices: [Int]) in
            indices.isEmpty ? "none" : indices.map { labels[$0] }.joined(separator: ", ")
        }
        switch example.target {
        case .label(let right):
            let best = ShownExample.best(output.values)
            return ShownExample(
                text,
                [("right", labels[right]), ("predicted", "\(labels[best.index]) (\(best.score))")]
            )
        case .values(let values) where problemType == .regression:
            let (right, found) = (values.first ?? 0, output.values.first ?? 0)
            return ShownExample(
                text,
                [
                    ("right", Decimals.significant(Double(right))), ("predicted", Decimals.significant(Double(found))),
                ]
            )
        case .values(let values):
            let found = output.values.indices.filter { output.values[$0] > 0 }
            return ShownExample(
                text,
                [("right", names(values.indices.filter { values[$0] > 0.5 })), ("predicted", names(found))]
            )
        case .tokenLabels, .span, .none: preconditionFailure("\(example.target) for a text")
        }
    }
}
