package import Encoder
import Tokenization

extension InferenceService {
    /// How token vectors are pooled unless a request says otherwise. The vectors of several ways are joined.
    package var poolings: [Pooling] { configuration.defaultPooling.map { [$0] } ?? model.embedding.poolings }

    /// The number of components of an embedding, unless a request says how to pool.
    package var embeddingSize: Int { (try? model.embedding.size(poolings: poolings)) ?? model.embedding.size }

    /// One vector for each input, `[inputs][embedding_size]`, or shorter by `dimensions`.
    package func embed(_ inputs: [TextInput], options: EmbedOptions) async throws -> Outcome<[[Float]]> {
        let poolings = options.pooling.map { [$0] } ?? poolings
        guard !poolings.contains(.pooler) || model.encoder.hasPooler else { throw InferenceError.noPooler }
        let size = try model.embedding.size(poolings: poolings)
        if let dimensions = options.dimensions, !(1...size).contains(dimensions) {
            throw InferenceError.invalidDimensions(dimensions, limit: size)
        }
        let (rows, usage) = try encode(inputs, options.input, prompting: true)
        let skipped = try tokensBeforePooling(of: inputs, rows, prompt: options.input.promptName)
        let outcome = try await distinctOutputs(of: rows, usage: usage) {
            SentenceEmbedding.request(poolings, from: skipped?[$0] ?? 0)
        }
        let normalizes = options.normalize ?? model.embedding.normalizes
        let outputs = outcome.value
        let vectors = try model.embedding.vectors(of: outputs.distinct.map(\.values)).map { vector in
            let kept = options.dimensions.map { Array(vector.prefix($0)) } ?? vector
            return normalizes ? SentenceEmbedding.normalized(kept) : kept
        }
        return Outcome(value: Shared(distinct: vectors, places: outputs.places).all, usage: outcome.usage)
    }

    /// How many leading tokens of each input belong to its prompt, if the model does not pool those; nil if it pools
    /// all.
    ///
    /// They are counted as in sentence-transformers: the tokens of the prompt alone, with special tokens but the last.
    private func tokensBeforePooling(
        of inputs: [TextInput],
        _ rows: [Encoding],
        prompt name: String?
    ) throws -> [Int]? {
        guard !model.embedding.includesPrompt, let prompt = try prompt(named: name) else { return nil }
        let tokens = try tokenizer().encode(prompt, options: EncodingOptions(collectOffsets: false)).ids
        let count = tokens.last.map(isSpecial) == true ? tokens.count - 1 : tokens.count
        return try inputs.enumerated().map { index, input in
            guard case .text = input else { return 0 }
            guard rows[index].count > count else { throw InferenceError.onlyPrompt(input: index, tokens: count) }
            return count
        }
    }
}

extension InferenceService {
    /// The encoder's own output for each input, unpooled: the last hidden state, `[tokens, hidden_size]`, special
    /// tokens included; some or all hidden states, `[chosen, tokens, hidden_size]`; or the pooler's output,
    /// `[hidden_size]`.
    ///
    /// The vectors of an answer are many times larger than its request, so the amount held at once is limited. The
    /// holding that comes with them must live until they are written.
    package func embedAll(
        _ inputs: [TextInput],
        _ request: OutputRequest = .lastHiddenState,
        options: InputOptions
    ) async throws -> (Outcome<[EncoderOutput]>, Allowance.Holding) {
        if request == .pooled(.pooler), !model.encoder.hasPooler { throw InferenceError.noPooler }
        let (rows, usage) = try encode(inputs, options, prompting: true)
        let limit = configuration.maxTokenVectorsPerRequest
        let vectors = rows.reduce(0) { $0 + vectorCount(request, tokens: $1.count) }
        guard vectors <= limit else { throw InferenceError.resultTooLarge(tokens: vectors, limit: limit) }
        guard let holding = tokenVectors.take(vectors) else {
            throw InferenceError.resultsHeldBack(limit: tokenVectors.limit)
        }
        return (try await outputs(of: rows, request, usage: usage), holding)
    }

    /// The hidden states that numbers stand for, as transformers indexes them: 0 is the output of the embeddings, each
    /// number above it a layer's, and negative numbers count from the end.
    package func hiddenStates(_ numbers: [Int]) throws(TaskError) -> OutputRequest {
        let layers = model.encoder.configuration.layerCount
        guard !numbers.isEmpty else { throw .noLayers }
        for number in numbers where !(-layers - 1...layers).contains(number) {
            throw .invalidLayer(number, layers: layers)
        }
        return .hiddenStates(layers: numbers.map { $0 < 0 ? layers + 1 + $0 : $0 })
    }

    /// How many vectors a text of so many tokens gives.
    private func vectorCount(_ request: OutputRequest, tokens: Int) -> Int {
        switch request {
        case .lastHiddenState: tokens
        case .hiddenStates(let layers): tokens * (layers?.count ?? model.encoder.configuration.layerCount + 1)
        default: 1
        }
    }
}

/// How `/rerank` treats its texts.
package struct RerankOptions: Sendable, Equatable {
    /// How long pairs are treated.
    package var input = InputOptions()
    /// Whether scores are the logits themselves rather than their sigmoids.
    package var rawScores = false

    /// The defaults of `/rerank`.
    package init() {}
}

/// One text's rank among the texts that were compared with a query.
package struct Rank: Sendable, Equatable {
    /// The text's index in the request.
    package let index: Int
    /// How well it answers the query.
    package let score: Float
}

extension InferenceService {
    /// The texts, ordered by how well they answer a query, best first.
    ///
    /// The score is a cross-encoder's: the sigmoid of the one logit, whatever the model's problem type.
    package func rerank(
        query: String,
        texts: [String],
        options: RerankOptions
    ) async throws -> Outcome<[Rank]> {
        let classifier = try classifier()
        guard classifier.labels.count == 1 else {
            throw InferenceError.notReranker(labels: classifier.labels.count)
        }
        let outcome = try await run(texts.map { .pair(query, $0) }, options.input, computing: .logits)
        let ranks = outcome.value.enumerated().map { index, output in
            let scores = classifier.scores(logits: output.values, by: options.rawScores ? .identity : .sigmoid)
            return (rank: Rank(index: index, score: scores[0]), logit: output.values[0])
        }
        // By logit, because logits still differ where their sigmoids are both 1. The sort is stable.
        return Outcome(value: ranks.sorted { $0.logit > $1.logit }.map(\.rank), usage: outcome.usage)
    }

    /// The cosine of each sentence's embedding with the source's, in the order of the sentences.
    package func similarity(
        of source: String,
        to sentences: [String],
        options: InputOptions
    ) async throws -> Outcome<[Float]> {
        var embedding = EmbedOptions()
        embedding.input = options
        embedding.normalize = true
        let outcome = try await embed(([source] + sentences).map(TextInput.text), options: embedding)
        let cosines = outcome.value.dropFirst().map { vector in
            let product = zip(outcome.value[0], vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            return Float(min(max(product, -1), 1))
        }
        return Outcome(value: cosines, usage: outcome.usage)
    }
}
