import Encoder
import JSON
import Tokenization
import Training

/// The texts of a file with what the model should say of them.
struct TrainingData {
    /// How the column of labels is to be read.
    struct Form {
        var problemType = SequenceClassifier.ProblemType.singleLabel
        /// What stands between two labels of a text.
        var separator: Unicode.Scalar = ","
    }

    /// transformers' name of a regression's only output.
    private static let regressionLabels = ["LABEL_0"]

    let texts: LabelledTexts
    /// The labels in id order.
    let labels: [String]
    let targets: [Target]

    /// Reads a file.
    ///
    /// - Parameter known: the labels of the training texts, among which those of other texts must be; nil to take the
    ///   labels that are there.
    /// - Throws: `unusableText` with file and line.
    init(path: String, fields: RecordFields, form: Form, known: [String]? = nil) throws(CommandError) {
        let isMultiLabel = form.problemType == .multiLabel
        texts = try LabelledTexts(path: path, fields: fields, allowsEmptyLabels: isMultiLabel)
        guard !texts.texts.isEmpty else { throw .unusableText(place: path, reason: "there are no texts") }
        switch form.problemType {
        case .singleLabel:
            if let known { labels = known } else { labels = try texts.classes() }
            targets = try texts.labels(among: labels).map { .label($0) }
        case .multiLabel:
            (labels, targets) = try Self.labelSets(texts, form.separator, known, path: path)
        case .regression:
            labels = Self.regressionLabels
            targets = try Self.values(texts)
        }
    }

    private static func values(_ texts: LabelledTexts) throws(CommandError) -> [Target] {
        var targets: [Target] = []
        for (text, name) in zip(texts.texts, texts.names) {
            guard let value = Float(name.stripped), value.isFinite else {
                let reason = "\"\(Columns.shown(name, width: 40))\" is no number, which a regression's label must be"
                throw .unusableText(place: texts.source.place(of: text), reason: reason)
            }
            targets.append(.values([value]))
        }
        return targets
    }

    private static func labelSets(
        _ texts: LabelledTexts,
        _ separator: Unicode.Scalar,
        _ known: [String]?,
        path: String
    ) throws(CommandError) -> ([String], [Target]) {
        let sets = texts.names.map { name in
            name.pieces(separatedBy: separator).map { String($0.stripped) }.filter { !$0.isEmpty }
        }
        let labels = known ?? Set(sets.joined().map { ExactText($0) }).sortedTexts
        guard (1...LabelledTexts.maxClasses).contains(labels.count) else {
            let reason = "\(labels.count) different labels; expected 1 to \(LabelledTexts.maxClasses)"
            throw .unusableText(place: path, reason: reason)
        }
        let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { (ExactText($1), $0) })
        var targets: [Target] = []
        for (text, set) in zip(texts.texts, sets) {
            var values = [Float](repeating: 0, count: labels.count)
            for label in set {
                guard let place = places[ExactText(label)] else {
                    let reason = "the label \"\(Columns.shown(label, width: 40))\" is not among the training data's"
                    throw .unusableText(place: texts.source.place(of: text), reason: reason)
                }
                values[place] = 1
            }
            targets.append(.values(values))
        }
        return (labels, targets)
    }

    /// The texts as the model reads them; longer ones are cut.
    ///
    /// - Throws: `unusableText` for a text that cannot be tokenized, or that has an id that the model lacks.
    func tokenized(
        _ tokenizer: Tokenizer,
        maxLength: Int,
        for configuration: EncoderConfiguration
    ) throws(CommandError) -> (set: TrainingSet, cut: Int) {
        var options = EncodingOptions(collectOffsets: false, forModel: true)
        options.truncation = Truncation(maxLength: maxLength, direction: tokenizer.truncationDirection)
        var examples: [TokenizedExample] = []
        examples.reserveCapacity(texts.texts.count)
        var cut = 0
        for text in texts.texts {
            let place = texts.source.place(of: text)
            let encoding: Encoding
            do {
                encoding = try tokenizer.encode(text.content, options: options)
            } catch {
                throw .unusableText(place: place, reason: "\(error)")
            }
            if encoding.truncatedTokenCount > 0 { cut += 1 }
            guard !encoding.ids.isEmpty else { throw .unusableText(place: place, reason: "the text has no tokens") }
            let size = configuration.vocabularySize
            if let id = encoding.ids.first(where: { !(0..<size).contains(Int($0)) }) {
                let reason = "token id \(id), but the model has \(size) word embeddings"
                throw .unusableText(place: place, reason: reason)
            }
            // A tokenizer may have more types than the model, which has none to tell apart then.
            let hasTypes = encoding.typeIDs.allSatisfy { Int($0) < configuration.typeVocabularySize }
            let types = hasTypes ? encoding.typeIDs : Array(repeating: 0, count: encoding.ids.count)
            examples.append(TokenizedExample(ids: encoding.ids, typeIDs: types))
        }
        return (TrainingSet(examples: examples, targets: targets), cut)
    }
}

extension TrainingSet {
    /// A part of the examples.
    func subset(_ numbers: [Int]) -> TrainingSet {
        TrainingSet(examples: numbers.map { examples[$0] }, targets: numbers.map { targets[$0] })
    }

    /// Holds out a fraction of the examples, of each class where there are classes.
    func split(heldOut fraction: Double, seed: UInt64) -> (training: [Int], heldOut: [Int]) {
        let classes = targets.map { target in if case .label(let label) = target { label } else { 0 } }
        return Stratification.split(labels: classes, fraction: fraction, seed: seed)
    }

    /// A number that changes with every id and target.
    var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ number: UInt64) { hash = (hash ^ number) &* 0x100_0000_01B3 }
        for (example, target) in zip(examples, targets) {
            for id in example.ids { add(UInt64(UInt32(bitPattern: id))) }
            switch target {
            case .label(let label): add(UInt64(label) + 1 << 33)
            case .values(let values): for value in values { add(UInt64(value.bitPattern) + 1 << 34) }
            }
        }
        return hash
    }
}
