import ArgumentParser
import Encoder
import Foundation
import Tokenization
import Training

/// The tasks that a model can be trained for.
enum TrainingTask: String, CaseIterable, ExpressibleByArgument {
    case textClassification = "text-classification"
    case sentenceSimilarity = "sentence-similarity"
    case tokenClassification = "token-classification"
    case questionAnswering = "question-answering"
    case maskedLanguageModel = "masked-language-model"
    case multipleChoice = "multiple-choice"

    /// The head that is trained; nil where the folder has none.
    var head: Head? {
        switch self {
        case .textClassification: .sequenceClassification
        case .tokenClassification: .tokenClassification
        case .questionAnswering: .questionAnswering
        case .maskedLanguageModel: .maskedLanguageModel
        case .multipleChoice: .multipleChoice
        case .sentenceSimilarity: nil
        }
    }

    /// The most tokens of a sequence if none is given; nil for the model's most.
    var defaultLength: Int? { self == .questionAnswering ? QuestionTexts.defaultLength : nil }

    /// The head for so many labels, or for these poolings.
    func headKind(labels: Int, poolings: [Pooling]) -> HeadKind {
        switch self {
        case .textClassification: .sequenceClassification(labels: labels)
        case .tokenClassification: .tokenClassification(labels: labels)
        case .questionAnswering: .questionAnswering
        case .maskedLanguageModel: .maskedLanguageModel
        case .multipleChoice: .multipleChoice
        case .sentenceSimilarity: .sentenceEmbedding(poolings)
        }
    }

    /// What is counted.
    var unit: String {
        switch self {
        case .textClassification, .tokenClassification, .maskedLanguageModel: "texts"
        case .questionAnswering: "windows"
        case .multipleChoice: "prompts"
        case .sentenceSimilarity: "pairs"
        }
    }

    /// The library whose folders the trained ones are.
    var library: String { self == .sentenceSimilarity ? "sentence-transformers" : "transformers" }

    /// The tag of such models on the Hub.
    var pipeline: String { self == .maskedLanguageModel ? Head.maskedLanguageModel.rawValue : rawValue }
}

/// What a file of a task holds: things to learn, each of which becomes an example or several.
protocol TaskData {
    /// The labels in id order; empty for a task without labels.
    var labels: [String] { get }
    /// The class of each thing, by which some of each class are held out; one class where there are none.
    var classes: [Int] { get }
    /// A part of the things.
    func subset(_ numbers: [Int]) -> Self
    /// The examples as the model reads them; longer texts are cut.
    ///
    /// - Throws: `unusableText` for a text that cannot be tokenized, or that has an id that the model lacks.
    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TaskExamples
}

/// The examples of a file, with what people are shown of them.
struct TaskExamples {
    var set: TrainingSet
    /// What is shown of the example with this number, as it stands in the set, and of the model's output for it.
    let shown: (_ number: Int, _ example: TokenizedExample, _ output: ExampleOutput) -> ShownExample
}

/// An example, and what a model makes of it, for people.
struct ShownExample: Equatable {
    var text: String
    /// What is right and what the model says, by name.
    var facts: [(name: String, value: String)]

    init(_ text: String, _ facts: [(name: String, value: String)]) { (self.text, self.facts) = (text, facts) }

    static func == (a: ShownExample, b: ShownExample) -> Bool {
        a.text == b.text && a.facts.elementsEqual(b.facts) { $0 == $1 }
    }

    /// The index of the largest of some logits, with its probability in percent.
    static func best(_ logits: [Float]) -> (index: Int, score: String) {
        let best = logits.indices.max { logits[$0] < logits[$1] } ?? 0
        let sum = logits.reduce(0) { $0 + exp(Double($1) - Double(logits[best])) }
        return (best, "\(Decimals.fixed(100 / sum, digits: 1)) %")
    }
}

/// Makes sequences for a model of texts.
struct ExampleTokenizer {
    let tokenizer: Tokenizer
    /// The most tokens of a sequence.
    let maxLength: Int
    private let configuration: EncoderConfiguration
    /// The number of sequences that were cut.
    private(set) var cutCount = 0

    init(_ tokenizer: Tokenizer, maxLength: Int, for configuration: EncoderConfiguration) {
        self.tokenizer = tokenizer
        self.maxLength = maxLength
        self.configuration = configuration
    }

    /// How sequences are cut and put between special tokens.
    var options: EncodingOptions {
        var options = EncodingOptions(collectOffsets: false, forModel: true)
        options.truncation = Truncation(maxLength: maxLength, direction: tokenizer.truncationDirection)
        return options
    }

    /// A text, or a pair of texts.
    ///
    /// - Parameter place: of the text in its file, for messages.
    /// - Throws: `unusableText`.
    mutating func sequence(
        _ text: String,
        pair: String? = nil,
        place: @autoclosure () -> String
    ) throws(CommandError) -> TokenizedSequence {
        try sequence(try encoding(text, pair: pair, place: place()), place: place())
    }

    /// The encoding of a text, or of a pair of texts.
    ///
    /// - Throws: `unusableText`.
    func encoding(
        _ text: String,
        pair: String? = nil,
        place: @autoclosure () -> String
    ) throws(CommandError) -> Encoding {
        do {
            return try tokenizer.encode(text, pair: pair, options: options)
        } catch {
            throw .unusableText(place: place(), reason: "\(error)")
        }
    }

    /// The words of a text, each tokenized by itself.
    ///
    /// - Returns: the sequence, and each token's word; nil for special tokens.
    /// - Throws: `unusableText`.
    mutating func sequence(
        words: [String],
        place: @autoclosure () -> String
    ) throws(CommandError) -> (sequence: TokenizedSequence, words: [Int?]) {
        let (encoding, owners): (Encoding, [Int?])
        do {
            (encoding, owners) = try tokenizer.encode(words: words, options: options)
        } catch {
            throw .unusableText(place: place(), reason: "\(error)")
        }
        return (try sequence(encoding, place: place()), owners)
    }

    /// An encoding as a sequence for the model.
    ///
    /// - Throws: `unusableText`.
    mutating func sequence(
        _ encoding: Encoding,
        place: @autoclosure () -> String
    ) throws(CommandError) -> TokenizedSequence {
        if encoding.truncatedTokenCount > 0 { cutCount += 1 }
        guard !encoding.ids.isEmpty else { throw .unusableText(place: place(), reason: "the text has no tokens") }
        let size = configuration.vocabularySize
        if let id = encoding.ids.first(where: { !(0..<size).contains(Int($0)) }) {
            let reason = "token id \(id), but the model has \(size) word embeddings"
            throw .unusableText(place: place(), reason: reason)
        }
        // A tokenizer may have more types than the model, which has none to tell apart then.
        let hasTypes = encoding.typeIDs.allSatisfy { Int($0) < configuration.typeVocabularySize }
        let types = hasTypes ? encoding.typeIDs : Array(repeating: 0, count: encoding.ids.count)
        return TokenizedSequence(ids: encoding.ids, typeIDs: types)
    }
}

extension TrainingSet {
    /// A number that changes with every id and target.
    var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ number: UInt64) { hash = (hash ^ number) &* 0x100_0000_01B3 }
        for example in examples {
            for sequence in example.sequences {
                for id in sequence.ids { add(UInt64(UInt32(bitPattern: id))) }
                add(1 << 32)
            }
            switch example.target {
            case .label(let label): add(UInt64(label) + 1 << 33)
            case .values(let values): for value in values { add(UInt64(value.bitPattern) + 1 << 34) }
            case .tokenLabels(let labels): for label in labels { add(UInt64(UInt32(bitPattern: label)) + 1 << 35) }
            case .span(let tokens): for end in [tokens.lowerBound, tokens.upperBound] { add(UInt64(end) + 1 << 36) }
            case .none: add(1 << 37)
            }
        }
        return hash
    }
}
