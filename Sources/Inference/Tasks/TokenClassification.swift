import Encoder
package import JSON
import Time
import Tokenization

/// How tokens are classified; names, defaults and meaning are those of transformers' token classification pipeline.
package struct TokenClassificationOptions: Sendable, Equatable {
    /// How long texts are treated, if they are not divided.
    package var input = InputOptions()
    /// How the labels of tokens are aggregated.
    package var aggregation = AggregationStrategy.none
    /// Labels that are left out of the answer.
    package var ignoredLabels: Set<ExactText> = ["O"]
    /// How many tokens the windows of a long text share. With nil the text is not divided but cut.
    package var stride: Int?

    /// The pipeline's defaults.
    package init() {}
}

extension InferenceService {
    /// The entities of each text, in the order of the text.
    package func classifyTokens(
        _ texts: [String],
        options: TokenClassificationOptions
    ) async throws -> Outcome<[[Entity]]> {
        try require(.tokenClassification)
        let (windows, usage) = try windows(of: texts, options)
        let tokens = windows.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
        guard tokens <= configuration.maxTokenizedTokens else {
            throw InferenceError.tokenizationTooLarge(tokens: tokens, limit: configuration.maxTokenizedTokens)
        }
        let outcome = try await outputs(
            ofWindows: Array(windows.joined()),
            counts: windows.map(\.count),
            .tokenLogits,
            usage: usage
        )
        let tokenizer = try tokenizer()
        let aggregation = EntityAggregation(
            strategy: options.aggregation,
            labels: model.encoder.configuration.labels,
            joined: tokenizer.joined
        )
        var outputs = outcome.value[...]
        let entities = try zip(texts, windows).map { text, windows in
            var reader = TokenReader(text: text, tokenizer: tokenizer)
            var entities: [Entity] = []
            for (encoding, output) in zip(windows, outputs) {
                try RequestOptions.check()
                let tokens = reader.tokens(of: encoding, logits: output.values)
                entities += aggregation.entities(of: tokens).filter {
                    !options.ignoredLabels.contains(ExactText($0.label))
                }
            }
            outputs = outputs.dropFirst(windows.count)
            return windows.count > 1 ? EntityAggregation.merged(entities) : entities
        }
        return Outcome(value: entities, usage: outcome.usage)
    }

    /// The windows of each text: several that hold all of it, or one that is cut if need be.
    private func windows(
        of texts: [String],
        _ options: TokenClassificationOptions
    ) throws -> (windows: [[Encoding]], usage: Usage) {
        guard let stride = options.stride else {
            let (rows, usage) = try encode(texts.map(TextInput.text), options.input, collectsOffsets: true)
            return (rows.map { [$0] }, usage)
        }
        guard options.aggregation != .none else { throw InferenceError.strideWithoutAggregation }
        try check("stride", stride, atLeast: 0)
        try check("max_length", options.input.maxLength ?? 1, atLeast: 1)
        try checkCount(texts.count)
        let started = Instant.now
        var usage = Usage()
        var windows: [[Encoding]] = []
        var count = 0
        for text in texts {
            try RequestOptions.check()
            let maxLength = min(options.input.maxLength ?? maxInputLength, maxInputLength)
            let tokens = try tokenizer().windows(dividing: text, maxLength: maxLength)
            guard stride < tokens.capacity else {
                throw InferenceError.overlapTooLong("stride", stride, capacity: tokens.capacity)
            }
            let ranges = tokens.windows(overlap: stride)
            count += ranges.count
            try checkWindows(count)
            windows.append(ranges.map { tokens.encoding(of: $0, collectOffsets: true) })
            usage.characters += text.unicodeScalars.count
        }
        usage.tokenizationTime = started.duration(to: .now)
        return (windows, usage)
    }
}

/// Reads a head's output for the tokens of one text, window by window.
private struct TokenReader {
    let text: String
    let tokenizer: Tokenizer
    // A window begins near where the one before it ended, so that all of them take one pass over the text.
    private var start = OffsetCursor()
    private var end = OffsetCursor()

    init(text: String, tokenizer: Tokenizer) {
        self.text = text
        self.tokenizer = tokenizer
    }

    /// - Parameter logits: for each token, special ones included, `[tokens, labels]`.
    mutating func tokens(of encoding: Encoding, logits: [Float]) -> [ScoredToken] {
        let labels = logits.count / max(1, encoding.count)
        let utf8 = text.utf8Span
        var tokens: [ScoredToken] = []
        tokens.reserveCapacity(encoding.count)
        for (index, bytes) in encoding.offsets.enumerated() where !encoding.specialTokensMask[index] {
            let start = Int(start.move(to: bytes.lowerBound, in: utf8.span, unit: .scalar))
            let end = Int(end.move(to: bytes.upperBound, in: utf8.span, unit: .scalar))
            let isUnknown = encoding.ids[index] == tokenizer.unknownTokenID
            let word = isUnknown ? text(at: bytes) : tokenizer.token(id: encoding.ids[index]) ?? ""
            tokens.append(
                ScoredToken(
                    word: word,
                    index: index,
                    start: start,
                    end: end,
                    // The pipeline's rule: pieces have the prefix `##`, but their part of the text does not.
                    isSubword: !isUnknown && word.unicodeScalars.count != end - start,
                    scores: ScoreFunction.softmax.scores(logits: Array(logits[index * labels..<(index + 1) * labels]))
                )
            )
        }
        return tokens
    }

    private func text(at bytes: Range<Int32>) -> String {
        let start = text.utf8.index(text.startIndex, offsetBy: Int(bytes.lowerBound))
        return String(text[start..<text.utf8.index(start, offsetBy: bytes.count)])
    }
}
