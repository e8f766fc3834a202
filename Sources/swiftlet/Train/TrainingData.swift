import Encoder
import Tokenization
import Training

/// The texts of a file with what the model should say of them.
struct TrainingData {
    let texts: LabelledTexts
    /// The labels in id order.
    let labels: [String]
    let targets: [Target]

    /// Reads a file.
    ///
    /// - Parameter known: as in ``LabelledTexts/targets(_:known:)``.
    /// - Throws: `unusableText` with file and line.
    init(path: String, fields: RecordFields, form: LabelForm, known: [String]? = nil) throws(CommandError) {
        texts = try LabelledTexts(path: path, fields: fields, allowsEmptyLabels: form.allowsNone)
        (labels, targets) = try texts.targets(form, known: known)
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
