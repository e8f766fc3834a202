import Foundation
import TestSupport
import Testing

@testable import Inference

@Suite("The answers of a window")
struct AnswerSpansTests {
    @Test("are the best of all spans, whatever the window, the longest answer and the number asked for")
    func exhaustive() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let tokens = Int.random(in: 2...40, using: &generator)
            let logits = (0..<2 * tokens).map { _ in Float.random(in: -6...6, using: &generator) }
            let start = Int.random(in: 1..<tokens, using: &generator)
            let context = start..<Int.random(in: start...tokens, using: &generator)
            let (longest, count) = (
                Int.random(in: 1...50, using: &generator), Int.random(in: 1...60, using: &generator)
            )
            let found = AnswerSpans(
                logits: logits,
                context: context,
                hasNullToken: true,
                maxLength: longest,
                count: count
            )
            func share(_ token: Int, _ column: Int) -> Double {
                let powers = ([0] + context).map { exp(Double(logits[2 * $0 + column])) }
                return exp(Double(logits[2 * token + column])) / powers.reduce(0, +)
            }
            var scores: [Double] = []
            for first in context {
                for last in first..<min(first + longest, context.upperBound) {
                    scores.append(share(first, 0) * share(last, 1))
                }
            }
            let best = scores.sorted(by: >).prefix(count)
            #expect(found.spans.count == best.count)
            for (span, score) in zip(found.spans, best) {
                #expect(abs(span.score - score) < 1e-12)
                let (first, last) = (start + span.tokens.lowerBound, start + span.tokens.upperBound)
                #expect(abs(share(first, 0) * share(last, 1) - score) < 1e-12)
            }
            #expect(abs(found.nullScore - share(0, 0) * share(0, 1)) < 1e-12)
        }
    }

    @Test("logits of any size are no trouble")
    func extremes() {
        let logits: [Float] = [0, 0, 3e38, -3e38, -3e38, 3e38]
        let found = AnswerSpans(logits: logits, context: 1..<3, hasNullToken: true, maxLength: 2, count: 3)
        #expect(found.spans == [AnswerSpans.Span(tokens: 0...1, score: 1)])
        #expect(found.nullScore == 0)
    }

    @Test("the same words in any case are one answer, at the first place; other spellings are another")
    func merging() {
        var answers = AnswerCollection(context: "Zoë, zoë and zoe\u{308}")
        answers.add(0..<4, score: 0.2)
        answers.add(6..<10, score: 0.25)
        answers.add(15..<20, score: 0.3)
        let best = answers.best(5, nullScore: 0.4)
        #expect(best.map(\.start) == [0, 0, 13] && best.map(\.end) == [3, 0, 17])
        #expect(best.map(\.text) == ["Zoë", "", "zoe\u{308}"])
        #expect(zip(best, [0.45, 0.4, 0.3]).allSatisfy { abs($0.score - $1) < 1e-12 })
    }
}
