import Encoder
import Inference

extension TextModel {
    /// How token vectors become one vector.
    public enum Pooling: String, Sendable, CaseIterable {
        /// The mean of the tokens' vectors.
        case mean
        /// The first token's vector, [CLS].
        case cls
        /// The largest value of each component.
        case max
        /// The sum of the tokens' vectors, divided by the square root of their number.
        case meanSqrtLength = "mean_sqrt_len"
        /// The mean with weights 1, 2, 3… in the order of the tokens.
        case weightedMean = "weighted_mean"
        /// The last token's vector.
        case lastToken = "last_token"
        /// The pooler's output: a layer over the first token's vector, which some checkpoints have.
        case pooler
    }

    /// How texts are embedded. The defaults are the model's own ways.
    public struct EmbeddingOptions: Sendable, Equatable {
        /// How token vectors become one; nil for the model's way: that of its sentence-transformers files, else the
        /// mean.
        public var pooling: Pooling?
        /// Whether vectors have Euclidean length 1; nil for the model's way, which is yes unless its
        /// sentence-transformers files lack a Normalize.
        public var normalize: Bool?
        /// Leading components to keep, before normalization; nil for all.
        public var dimensions: Int?
        /// The name of one of the model's ``TextModel/prompts``, which is put before each text; nil for its default.
        public var prompt: String?

        /// The model's own ways, unless said otherwise.
        public init(
            pooling: Pooling? = nil,
            normalize: Bool? = nil,
            dimensions: Int? = nil,
            prompt: String? = nil
        ) {
            self.pooling = pooling
            self.normalize = normalize
            self.dimensions = dimensions
            self.prompt = prompt
        }
    }

    /// The vector of a text, of ``embeddingSize`` components or `dimensions`.
    public func embed(_ text: String, options: EmbeddingOptions = EmbeddingOptions()) async throws -> [Float] {
        try await embed([text], options: options)[0]
    }

    /// The vector of each text, in the order of the texts. Any number of texts may be given.
    public func embed(_ texts: [String], options: EmbeddingOptions = EmbeddingOptions()) async throws -> [[Float]] {
        guard !texts.isEmpty else { return [] }
        return try await run {
            try await service.embed(texts.map(TextInput.text), options: EmbedOptions(options)).value
        }
    }

    /// The cosine of each text's vector with that of `source`, from -1 to 1, in the order of the texts.
    ///
    /// - Parameters:
    ///   - source: The text that the others are compared with.
    ///   - texts: Any number of texts.
    ///   - prompt: The name of a prompt for all texts, as in ``EmbeddingOptions/prompt``.
    public func similarity(of source: String, to texts: [String], prompt: String? = nil) async throws -> [Float] {
        guard !texts.isEmpty else { return [] }
        return try await run {
            try await service.similarity(of: source, to: texts, options: InputOptions(promptName: prompt)).value
        }
    }

    /// A text's place among others.
    public struct Rank: Sendable, Equatable {
        /// The text's index.
        public let index: Int
        /// How well it answers the query, from 0 to 1.
        public let score: Float
    }

    /// The texts, by how well they answer a query, best first. The model has to be a cross-encoder, which has a
    /// classification head with one label.
    public func rerank(_ texts: [String], for query: String) async throws -> [Rank] {
        guard !texts.isEmpty else { return [] }
        return try await run {
            try await service.rerank(query: query, texts: texts, options: RerankOptions()).value
                .map { Rank(index: $0.index, score: $0.score) }
        }
    }
}

extension EmbedOptions {
    fileprivate init(_ options: TextModel.EmbeddingOptions) {
        self.init()
        pooling = options.pooling.flatMap { Pooling(rawValue: $0.rawValue) }
        normalize = options.normalize
        dimensions = options.dimensions
        input.promptName = options.prompt
    }
}
