package import Encoder
import Tokenization

extension InferenceService {
    /// What the encoder itself gives for each input, unpooled: the last hidden state, `[tokens, hidden_size]`, special
    /// tokens included; some or all hidden states, `[chosen, tokens, hidden_size]`; or the pooler's output,
    /// `[hidden_size]`.
    ///
    /// The vectors of an answer are many times larger than its request, so what is held at once is limited: the
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

    /// The hidden states that numbers stand for, as transformers indexes them: 0 the embeddings' output, each above a
    /// layer's, negative ones from the end.
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
