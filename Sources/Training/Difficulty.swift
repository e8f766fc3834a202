extension Loss {
    /// How hard each example is for the model: its loss. The loss of a pair depends on the others, so a pair with a
    /// score counts by how far the rank of its cosine is from that of its score, and another one by the place at which
    /// its anchor finds it among all documents.
    ///
    /// - Precondition: there is an output for each example.
    package func difficulties(_ outputs: [ExampleOutput], of examples: [TokenizedExample]) -> [Double] {
        precondition(outputs.count == examples.count, "\(outputs.count) outputs, \(examples.count) examples")
        switch kind {
        case .similarity(_, .positives):
            return Retrieval(outputs, of: examples).places.map { Double($0) }
        case .similarity(_, .scored):
            let scores = Correlation.ranks(examples.map { Double($0.target.score ?? 0) })
            return zip(Correlation.ranks(outputs.map(\.cosine)), scores).map { abs($0 - $1) }
        case .sequences, .tokens, .spans, .choices, .maskedTokens:
            return zip(outputs, examples).map { evaluate($0, $1) }
        }
    }
}

extension ExampleOutput {
    /// The cosine of the vectors of a pair.
    package var cosine: Double { UnitVectors(values, columns: columns).cosine(0, 1) }
}
