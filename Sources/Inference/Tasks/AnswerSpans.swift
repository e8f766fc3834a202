import Encoder
import Foundation
import Tokenization

/// The spans of one window that answer best, by the output of the question answering head.
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

    /// Finds the spans as transformers' pipeline does: by the largest products of the softmaxes of start and end. Both
    /// softmaxes are over the context and the first token, which stands for "no answer".
    ///
    /// - Parameters:
    ///   - logits: start and end of each of the window's tokens, `[tokens, 2]`.
    ///   - context: the tokens of the context.
    ///   - hasNullToken: whether the first one, which is not the context's, stands for "no answer".
    ///   - maxLength: the most tokens of an answer.
    ///   - count: how many spans are wanted. Spans of probability 0 are left out.
    /// - Complexity: O(context × maxLength), in practice less, because most starts are too unlikely; memory is
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

    /// The softmax of one column. Tokens that may not be in an answer have probability 0.
    private static func probabilities(
        _ logits: [Float],
        column: Int,
        context: Range<Int>,
        hasNullToken: Bool
    ) -> (context: [Double], null: Double) {
        let values = context.map { Double(logits[2 * $0 + column]) }
        let null = hasNullToken ? Double(logits[column]) : -.infinity
        guard hasNullToken || !values.isEmpty else { return ([], 0) }
        let probabilities = ScoreFunction.probabilities(of: [null] + values)
        return (Array(probabilities.dropFirst()), probabilities[0])
    }
}

/// Collects the best of many spans. It holds at most twice as many spans as are wanted.
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

    /// Of equal spans, the first that was found comes first.
    func sorted() -> [AnswerSpans.Span] {
        Array(spans.sorted { $0.score > $1.score }.prefix(limit))
    }
}

/// The answers from the windows of one context, each once.
struct AnswerCollection {
    /// A place in the context, in UTF-8 bytes, with the sum of the scores of all spans of the same text.
    private struct Found {
        let bytes: Range<Int32>
        var score: Double
    }

    private let context: String
    private var answers: [Found] = []
    /// The answers by their text in lower case; the first place stands for all. (The keys are bytes, because strings
    /// would be compared by canonical equivalence.)
    private var places: [[UInt8]: Int] = [:]

    init(context: String) {
        self.context = context
    }

    /// Adds the answer that stands in the context at `bytes`.
    mutating func add(_ bytes: Range<Int32>, score: Double) {
        let key = Array(text(at: bytes).lowercased().utf8)
        if let place = places[key] {
            answers[place].score += score
        } else {
            places[key] = answers.count
            answers.append(Found(bytes: bytes, score: score))
        }
    }

    /// The best answers, best first. At least one, which is empty if there is none.
    ///
    /// - Parameter nullScore: the score of the empty answer; nil where it may not be given if there is another.
    func best(_ count: Int, nullScore: Double?) -> [Answer] {
        var all = answers
        if let nullScore { all.append(Found(bytes: 0..<0, score: nullScore)) }
        // The sort is stable: of equal ones the first that was found comes first.
        let best = all.sorted { $0.score > $1.score }.prefix(count)
        guard !best.isEmpty else { return [Answer(score: 0, start: 0, end: 0, text: "")] }
        return withScalarOffsets(Array(best))
    }

    /// Converts places in the order of the context, in one pass over it.
    private func withScalarOffsets(_ found: [Found]) -> [Answer] {
        let utf8 = context.utf8Span
        var cursor = OffsetCursor()
        let converted = found.enumerated().sorted { $0.element.bytes.lowerBound < $1.element.bytes.lowerBound }
            .map { place, found in
                let start = cursor.move(to: found.bytes.lowerBound, in: utf8.span, unit: .scalar)
                let end = cursor.move(to: found.bytes.upperBound, in: utf8.span, unit: .scalar)
                let answer = Answer(
                    score: found.score,
                    start: Int(start),
                    end: Int(end),
                    text: String(text(at: found.bytes))
                )
                return (place: place, answer: answer)
            }
        return converted.sorted { $0.place < $1.place }.map(\.answer)
    }

    private func text(at bytes: Range<Int32>) -> Substring {
        let start = context.utf8.index(context.startIndex, offsetBy: Int(bytes.lowerBound))
        return context[start..<context.utf8.index(start, offsetBy: bytes.count)]
    }
}
