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

    /// Reads a file.
    ///
    /// - Parameter known: as in ``LabelledTexts/targets(_:known:)``.
    /// - Throws: `unusableText` with file and line.
    init(path: String, fields: RecordFields, form: LabelForm, known: [String]?) throws(CommandError) {
        let labelled = try LabelledTexts(path: path, fields: fields, allowsEmptyLabels: form.allowsNone)
        (labels, targets) = try labelled.targets(form, known: known)
        (source, texts, pairs) = (labelled.source, labelled.texts, labelled.pairs)
    }

    var classes: [Int] { targets.map(\.stratum) }

    var shownTexts: [String] {
        texts.indices.map { pairs.isEmpty ? texts[$0].content : "\(texts[$0].content) | \(pairs[$0])" }
    }

    func subset(_ numbers: [Int]) -> ClassifiedTexts {
        var part = self
        (part.texts, part.targets) = (numbers.map { texts[$0] }, numbers.map { targets[$0] })
        if !pairs.isEmpty { part.pairs = numbers.map { pairs[$0] } }
        return part
    }

    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TrainingSet {
        var examples: [TokenizedExample] = []
        examples.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            let pair = pairs.isEmpty ? nil : pairs[index]
            let sequence = try tokenizer.sequence(text.content, pair: pair, place: source.place(of: text))
            examples.append(TokenizedExample([sequence], targets[index]))
        }
        return TrainingSet(examples)
    }
}
