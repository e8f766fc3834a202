import JSON
import Tokenization
import Training

/// Texts without labels: the data of masked language models.
struct PlainTexts: TaskData {
    /// The masked tokens that are shown of a text: the hardest ones.
    private static let shownTokens = 8

    let labels: [String] = []
    private let source: TextSource
    private var texts: [Text] = []

    /// Reads a file with a text on each line, or in each record; empty ones are left out.
    ///
    /// - Throws: `unusableText` with file and line.
    init(path: String, fields: RecordFields?) throws(CommandError) {
        let name = path == "-" ? nil : path
        source = .records(path: name, fields ?? RecordFields(format: .txt, names: []))
        var texts: [Text] = []
        try source.forEach { text in
            if !text.content.isBlank { texts.append(text) }
        }
        guard !texts.isEmpty else { throw .unusableText(place: path, reason: "there are no texts") }
        self.texts = texts
    }

    var classes: [Int] { Array(repeating: 0, count: texts.count) }

    func subset(_ numbers: [Int]) -> PlainTexts {
        var part = self
        part.texts = numbers.map { texts[$0] }
        return part
    }

    /// The labels are the ids of the tokens that may be masked: all but those that the template adds.
    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TaskExamples {
        var examples: [TokenizedExample] = []
        for text in texts {
            let place = source.place(of: text)
            let encoding = try tokenizer.encoding(text.content, place: place)
            let labels = zip(encoding.ids, encoding.specialTokensMask).map { $1 ? Target.ignored : $0 }
            guard labels.contains(where: { $0 != Target.ignored }) else {
                throw .unusableText(place: place, reason: "the text has no tokens")
            }
            examples.append(TokenizedExample([try tokenizer.sequence(encoding, place: place)], .tokenLabels(labels)))
        }
        let tokenizer = tokenizer.tokenizer
        return TaskExamples(set: TrainingSet(examples)) { number, example, output in
            // The output has the loss of each masked token.
            let masked = zip(example.target.labels, output.values).sorted { $0.1 > $1.1 }
            let tokens = masked.prefix(Self.shownTokens).map { id, loss in
                "\(tokenizer.token(id: Int32(id)) ?? "\(id)") (\(Decimals.significant(Double(loss))))"
            }
            return ShownExample(texts[number].content, [("masked, with their losses", tokens.joined(separator: ", "))])
        }
    }
}
