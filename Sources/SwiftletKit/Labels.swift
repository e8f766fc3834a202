import Encoder
import Inference

extension TextModel {
    /// A label with its score for a text.
    public struct Label: Sendable, Equatable {
        /// The label's name: config.json's, or the one that was given.
        public let name: String
        /// A probability; of a regression, the value itself.
        public let score: Float
        /// The head's output before it became a probability; nil for zero-shot labels.
        public let logit: Float?
    }

    /// The model's labels for a text, best first.
    public func classify(_ text: String) async throws -> [Label] {
        try await classify([text])[0]
    }

    /// The model's labels for each text, best first.
    ///
    /// Scores are the softmax of the logits, or their sigmoids if any number of the labels may apply, as config.json
    /// says.
    public func classify(_ texts: [String]) async throws -> [[Label]] {
        guard !texts.isEmpty else { return [] }
        return try await run {
            try await service.classify(texts.map(TextInput.text), options: ClassifyOptions()).value.map { labels in
                labels.map { Label(name: $0.label, score: $0.score, logit: $0.logit) }
            }
        }
    }

    /// How well labels of your own fit a text, best first.
    ///
    /// The model has to be one of natural language inference. Each label makes a hypothesis, whose truth is judged.
    ///
    /// - Parameters:
    ///   - text: The text that is judged.
    ///   - labels: At least one.
    ///   - hypothesis: The sentence in which a label takes the place of `{}`.
    ///   - isMultiLabel: Whether each label is judged by itself. Otherwise the scores add up to 1.
    public func zeroShot(
        _ text: String,
        labels: [String],
        hypothesis: String = "This example is {}.",
        isMultiLabel: Bool = false
    ) async throws -> [Label] {
        try await zeroShot([text], labels: labels, hypothesis: hypothesis, isMultiLabel: isMultiLabel)[0]
    }

    /// How well labels of your own fit each text, best first.
    public func zeroShot(
        _ texts: [String],
        labels: [String],
        hypothesis: String = "This example is {}.",
        isMultiLabel: Bool = false
    ) async throws -> [[Label]] {
        guard !texts.isEmpty else { return [] }
        var options = ZeroShotOptions(labels: labels)
        options.hypothesisTemplate = hypothesis
        options.isMultiLabel = isMultiLabel
        return try await run { [options] in
            try await service.zeroShot(texts, options: options).value.map { labels in
                labels.map { Label(name: $0.label, score: $0.score, logit: nil) }
            }
        }
    }
}

extension TextModel {
    /// How the labels of tokens become those of words and of entities.
    public enum Aggregation: String, Sendable, CaseIterable {
        /// Each token has its own label.
        case none
        /// Neighbouring tokens with one label are joined.
        case simple
        /// A word has its first token's label; words with one label are joined.
        case first
        /// A word has the label with the highest mean over its tokens; words with one label are joined.
        case average
        /// A word has the label of its token with the highest score; words with one label are joined.
        case max
    }

    /// A part of a text that has a label, such as a name.
    public struct Entity: Sendable, Equatable {
        /// The label; without its `B-` or `I-` unless the aggregation is `none`.
        public let label: String
        /// The label's probability; the mean over the parts of an entity.
        public let score: Float
        /// Where the entity stands in the text.
        public let range: Range<String.Index>
    }

    /// The entities of a text, in the text's order. Tokens without an entity (label `O`) are left out.
    public func labelTokens(
        _ text: String,
        aggregation: Aggregation = .simple,
        overlap: Int? = nil
    ) async throws -> [Entity] {
        try await labelTokens([text], aggregation: aggregation, overlap: overlap)[0]
    }

    /// The entities of each text, in the text's order. Tokens without an entity (label `O`) are left out.
    ///
    /// - Parameters:
    ///   - texts: Any number of texts.
    ///   - aggregation: How tokens' labels become those of words and entities.
    ///   - overlap: How many tokens the windows share into which long texts are divided; nil to cut long texts instead.
    public func labelTokens(
        _ texts: [String],
        aggregation: Aggregation = .simple,
        overlap: Int? = nil
    ) async throws -> [[Entity]] {
        guard !texts.isEmpty else { return [] }
        var options = TokenClassificationOptions()
        options.aggregation = AggregationStrategy(rawValue: aggregation.rawValue) ?? .none
        options.stride = overlap
        let entities = try await run { [options] in try await service.classifyTokens(texts, options: options).value }
        return zip(texts, entities).map { text, entities in
            entities.map { entity in
                Entity(
                    label: entity.label,
                    score: Float(entity.score),
                    range: text.range(ofScalars: entity.start..<Swift.max(entity.start, entity.end))
                )
            }
        }
    }
}

extension String {
    /// The range of some Unicode scalars, counted from the text's beginning.
    func range(ofScalars scalars: Range<Int>) -> Range<String.Index> {
        let start = unicodeScalars.index(startIndex, offsetBy: scalars.lowerBound)
        return start..<unicodeScalars.index(start, offsetBy: scalars.count)
    }
}
