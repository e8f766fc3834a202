import JSON
import Tokenization
import Training

/// Texts whose words have labels: the data of token classification.
struct LabelledWords: TaskData {
    /// The keys of JSON objects, of which the first that is there counts.
    struct Keys {
        var words = ["tokens", "words"]
        var labels = ["ner_tags", "labels", "tags"]
    }

    private struct Sentence {
        let line: Int
        var words: [String] = []
        var tags: [String] = []
    }

    let labels: [String]
    private let file: LineFile
    private var sentences: [Sentence]

    /// Reads JSON Lines, or columns as in CoNLL's files: a word first and its label last on each line, an empty line
    /// between sentences.
    ///
    /// - Parameter known: the labels of the training texts, among which those of other texts must be; nil to take the
    ///   labels that are there.
    /// - Throws: `unusableText` with file and line.
    init(path: String, format: RecordFormat, keys: Keys, known: [String]?) throws(CommandError) {
        file = LineFile(path: path)
        sentences = format == .jsonl ? try Self.objects(file, keys) : try Self.columns(file)
        guard !sentences.isEmpty else { throw .unusableText(place: path, reason: "there are no words") }
        let distinct = Set(sentences.flatMap(\.tags).map { ExactText($0) }).sortedTexts
        labels = known ?? LabelledTexts.ordered(distinct)
        guard (2...LabelledTexts.maxClasses).contains(labels.count) else {
            let reason = "\(labels.count) different labels; expected 2 to \(LabelledTexts.maxClasses)"
            throw .unusableText(place: path, reason: reason)
        }
        let all = Set(labels.map { ExactText($0) })
        for sentence in sentences {
            guard let tag = sentence.tags.first(where: { !all.contains(ExactText($0)) }) else { continue }
            let reason = "the label \"\(Columns.shown(tag, width: 40))\" is not among the training data's"
            throw .unusableText(place: file.place(sentence.line), reason: reason)
        }
    }

    private static func objects(_ file: LineFile, _ keys: Keys) throws(CommandError) -> [Sentence] {
        var sentences: [Sentence] = []
        try file.forEachObject { line, object throws(CommandError) in
            let place = file.place(line)
            let words = try object.texts(keys.words, place: place)
            let tags = try object.texts(keys.labels, place: place)
            guard words.count == tags.count else {
                throw .unusableText(place: place, reason: "\(words.count) words with \(tags.count) labels")
            }
            if !words.isEmpty { sentences.append(Sentence(line: line, words: words, tags: tags)) }
        }
        return sentences
    }

    private static func columns(_ file: LineFile) throws(CommandError) -> [Sentence] {
        var sentences: [Sentence] = []
        var isOpen = false
        try file.forEachLine { line, text throws(CommandError) in
            let columns = text.unicodeScalars.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map { String($0) }
            guard let word = columns.first, let tag = columns.last, word != "-DOCSTART-" else {
                isOpen = false
                return
            }
            guard columns.count > 1 else {
                let reason = "a word without a label; expected columns, of which the last one has the label"
                throw .unusableText(place: file.place(line), reason: reason)
            }
            if !isOpen { sentences.append(Sentence(line: line)) }
            isOpen = true
            sentences[sentences.count - 1].words.append(word)
            sentences[sentences.count - 1].tags.append(tag)
        }
        return sentences
    }

    var classes: [Int] { Array(repeating: 0, count: sentences.count) }

    func subset(_ numbers: [Int]) -> LabelledWords {
        var part = self
        part.sentences = numbers.map { sentences[$0] }
        return part
    }

    /// The first token of each word has the word's label, and the others have none, as in transformers' `run_ner.py`.
    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TaskExamples {
        let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { (ExactText($1), Int32($0)) })
        var examples: [TokenizedExample] = []
        // The words of each example that have a label: a text may be cut.
        var labelled: [[String]] = []
        for sentence in sentences {
            let place = file.place(sentence.line)
            let (sequence, words) = try tokenizer.sequence(words: sentence.words, place: place)
            var (labels, last): ([Int32], Int?) = ([], nil)
            var known: [String] = []
            for word in words {
                let label = word != last ? word.flatMap { places[ExactText(sentence.tags[$0])] } : nil
                labels.append(label ?? Target.ignored)
                if label != nil, let word { known.append(sentence.words[word]) }
                last = word
            }
            guard labels.contains(where: { $0 != Target.ignored }) else {
                throw .unusableText(place: place, reason: "no word has a token")
            }
            examples.append(TokenizedExample([sequence], .tokenLabels(labels)))
            labelled.append(known)
        }
        return TaskExamples(set: TrainingSet(examples, scorer: scorer(examples))) { number, example, output in
            shown(sentences[number].words, labelled[number], example.target.labels, output)
        }
    }

    /// The words whose label was not found.
    private func shown(
        _ words: [String],
        _ labelled: [String],
        _ right: [Int],
        _ output: ExampleOutput
    ) -> ShownExample {
        let found = output.largestColumns
        let wrong = labelled.indices.filter { found[$0] != right[$0] }
        let names = { (indices: [Int]) in
            wrong.map { "\(labelled[$0]): \(labels[indices[$0]])" }.joined(separator: ", ")
        }
        let facts = wrong.isEmpty ? [("wrong", "none")] : [("right", names(right)), ("predicted", names(found))]
        return ShownExample(words.joined(separator: " "), facts)
    }

    /// The scores of entities, where the labels are those of entities.
    private func scorer(_ examples: [TokenizedExample]) -> (@Sendable ([ExampleOutput]) -> [Metric: Double])? {
        guard EntityScores.areEntities(labels) else { return nil }
        let labels = labels
        let truth = examples.map { $0.target.labels.map { labels[$0] } }
        return { outputs in
            let predicted = outputs.map { $0.largestColumns.map { labels[$0] } }
            let scores = EntityScores(truth: truth, predicted: predicted)
            return [.precision: scores.precision, .recall: scores.recall, .f1: scores.f1]
        }
    }
}
