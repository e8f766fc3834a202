import Foundation

/// The spans of one window that answer best, by what the question answering head gives for it.
struct AnswerSpans {
    /// Tokens of the context, counted from the window's first one, with the probability that they are the answer.
    struct Span: Equatable {
        let tokens: ClosedRange<Int>
        let score: Double
    }

    /// Best first.
    let spans: [Span]
    /// The probability that there is no answer in the window.
    let nullScore: Double

    /// Finds them as transformers' pipeline does: the start's and the end's softmax over the context and the first
    /// token, which stands for "no answer", and of their products the largest.
    ///
    /// - Parameters:
    ///   - logits: start and end of each of the window's tokens, `[tokens, 2]`.
    ///   - context: which of the tokens are the context's.
    ///   - hasNullToken: whether the first one, which is not the context's, stands for "no answer".
    ///   - maxLength: the most tokens of an answer.
    ///   - count: how many spans are wanted; those of no probability are left out.
    /// - Complexity: O(context × maxLength), less as most starts are seen to be too unlikely; memory is
    ///   O(context + count).
    init(logits: [Float], context: Range<Int>, hasNullToken: Bool, maxLength: Int, count: Int) {
        let starts = Self.probabilities(logits, column: 0, context: context, hasNullToken: hasNullToken)
        let ends = Self.probabilities(logits, column: 1, context: context, hasNullToken: hasNullToken)
        nullScore = starts.null * ends.null
        var best = BestSpans(limit: count)
        let likeliestEnd = ends.context.max() ?? 0
        for (first, start) in starts.context.enumerated() where start * likeliestEnd > best.threshold {
            for last in first..<first + min(maxLength, ends.context.count - first) {
                let score = start * ends.context[last]
                if score > best.threshold { best.insert(Span(tokens: first...last, score: score)) }
            }
        }
        spans = best.sorted()
    }

    /// The softmax of one column; what may not be in an answer has no probability.
    private static func probabilities(
        _ logits: [Float],
        column: Int,
        context: Range<Int>,
        hasNullToken: Bool
    ) -> (context: [Double], null: Double) {
        let values = context.map { Double(logits[2 * $0 + column]) }
        let null = hasNullToken ? Double(logits[column]) : -.infinity
        let largest = max(values.max() ?? -.infinity, null)
        guard largest > -.infinity else { return ([], 0) }
        let powers = values.map { exp($0 - largest) }
        let nullPower = exp(null - largest)
        let sum = powers.reduce(nullPower, +)
        return (powers.map { $0 / sum }, nullPower / sum)
    }
}

/// The best of many spans, of which it holds no more than twice as many as are wanted.
private struct BestSpans {
    private let limit: Int
    private var spans: [AnswerSpans.Span] = []
    /// A span has to be better than this.
    private(set) var threshold = 0.0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func insert(_ span: AnswerSpans.Span) {
        spans.append(span)
        guard spans.count >= 2 * limit else { return }
        spans = sorted()
        threshold = spans[spans.count - 1].score
    }

    /// Of equal ones the first that was found comes first.
    func sorted() -> [AnswerSpans.Span] {
        Array(spans.sorted { $0.score > $1.score }.prefix(limit))
    }
}
