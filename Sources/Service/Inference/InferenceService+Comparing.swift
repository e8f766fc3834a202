import Encoder
import Tokenization

/// How `/rerank` treats its texts.
package struct RerankOptions: Sendable, Equatable {
    /// What becomes of long pairs.
    package var input = InputOptions()
    /// Whether scores are the logits themselves; else their sigmoids.
    package var rawScores = false

    /// Everything as `/rerank` does it when nothing is said.
    package init() {}
}

/// One text's place among those that were compared with a query.
package struct Rank: Sendable, Equatable {
    /// The text's index in the request.
    package let index: Int
    /// How well it answers the query.
    package let score: Float
}

extension InferenceService {
    /// The texts in the order in which they answer a query, best first.
    ///
    /// The score is a cross-encoder's: the sigmoid of the one logit, whatever its problem type is called.
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
        // By logit, which still differs where the sigmoid has become 1; the sort is stable.
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
