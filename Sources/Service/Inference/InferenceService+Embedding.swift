package import Encoder
import Tokenization

extension InferenceService {
    /// How token vectors become one where a request does not say: the vectors of several ways are joined.
    package var poolings: [Pooling] { configuration.defaultPooling.map { [$0] } ?? model.embedding.poolings }

    /// Components of an embedding where a request does not say how to pool.
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
        let outcome = try await outputs(of: rows, usage: usage) {
            SentenceEmbedding.request(poolings, from: skipped?[$0] ?? 0)
        }
        let normalizes = options.normalize ?? model.embedding.normalizes
        let vectors = try model.embedding.vectors(of: outcome.value.map(\.values)).map { vector in
            let kept = options.dimensions.map { Array(vector.prefix($0)) } ?? vector
            return normalizes ? SentenceEmbedding.normalized(kept) : kept
        }
        return Outcome(value: vectors, usage: outcome.usage)
    }

    /// How many tokens of each input are its prompt's, where the model does not pool those; nil where nothing is left
    /// out.
    ///
    /// As sentence-transformers counts them: the prompt's tokens by itself, special ones included but for the last.
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
