/// Where the tokens of a window of a context stand, so that a model's logits become an answer.
package struct AnswerWindow: Sendable {
    /// The number of its question.
    package let question: Int
    /// The place of the context's first token among the window's tokens.
    let first: Int
    /// The bytes of the context from which each of its tokens comes.
    let bytes: [Range<Int32>]

    /// All as given.
    package init(question: Int, first: Int, bytes: [Range<Int32>]) {
        self.question = question
        self.first = first
        self.bytes = bytes
    }
}

/// A question whose answer is to be found, and the right answers.
package struct AnswerKey: Sendable {
    let context: String
    let answers: [String]

    /// - Parameter answers: none where the context does not answer the question.
    package init(context: String, answers: [String]) {
        self.context = context
        self.answers = answers
    }
}

/// Reads answers from logits as transformers' `run_qa.py` does, and scores them.
package struct AnswerScoring: Sendable {
    /// Candidates for each end of an answer in a window: `n_best_size`.
    private static let candidates = 20
    /// The most tokens of an answer: `max_answer_length`.
    private static let longest = 30

    private let windows: [AnswerWindow]
    private let keys: [AnswerKey]
    /// Whether some questions have no answer.
    private let acceptsNone: Bool

    /// Scores the answers of some windows to their questions.
    package init(_ windows: [AnswerWindow], _ keys: [AnswerKey]) {
        self.windows = windows
        self.keys = keys
        acceptsNone = keys.contains { $0.answers.isEmpty }
    }

    /// The means over the questions, in percent as SQuAD's script gives them.
    ///
    /// - Parameter outputs: two logits for each token of each window.
    package func metrics(_ outputs: [ExampleOutput]) -> [Metric: Double] {
        var (exact, f1) = (0.0, 0.0)
        for (key, answer) in zip(keys, answers(outputs)) {
            exact += AnswerScores.exactMatch(answer, key.answers)
            f1 += AnswerScores.f1(answer, key.answers)
        }
        let factor = 100 / Double(max(1, keys.count))
        return [.exactMatch: exact * factor, .f1: f1 * factor]
    }

    /// The best answer to each question; empty where there is none.
    func answers(_ outputs: [ExampleOutput]) -> [String] {
        var best = [(score: Double, bytes: Range<Int32>)?](repeating: nil, count: keys.count)
        var none = [Double](repeating: .infinity, count: keys.count)
        for (window, output) in zip(windows, outputs) {
            let logits = output.values
            none[window.question] = min(none[window.question], Double(logits[0]) + Double(logits[1]))
            if let span = Self.best(window, logits), span.score > best[window.question]?.score ?? -.infinity {
                best[window.question] = span
            }
        }
        return keys.indices.map { question in
            guard let span = best[question], !acceptsNone || none[question] <= span.score else { return "" }
            return text(span.bytes, of: question)
        }
    }

    /// The right answer in a window and the one that a model finds there, as texts; nil for none.
    ///
    /// - Parameter right: the tokens of the answer; the first token where the window has none.
    package func answers(
        ofWindow number: Int,
        right: ClosedRange<Int>,
        _ output: ExampleOutput
    ) -> (right: String?, found: String?) {
        let (window, logits) = (windows[number], output.values)
        let context = window.first..<window.first + window.bytes.count
        var answer: String?
        if context.contains(right.lowerBound), context.contains(right.upperBound) {
            let (first, last) = (
                window.bytes[right.lowerBound - window.first], window.bytes[right.upperBound - window.first]
            )
            answer = text(first.lowerBound..<max(first.lowerBound, last.upperBound), of: window.question)
        }
        guard let best = Self.best(window, logits), best.score > Double(logits[0]) + Double(logits[1]) else {
            return (answer, nil)
        }
        return (answer, text(best.bytes, of: window.question))
    }

    /// The text at these bytes of a question's context.
    private func text(_ bytes: Range<Int32>, of question: Int) -> String {
        let context = keys[question].context
        let start = context.utf8.index(context.utf8.startIndex, offsetBy: Int(bytes.lowerBound))
        return String(context[start..<context.utf8.index(start, offsetBy: bytes.count)])
    }

    private static func best(_ window: AnswerWindow, _ logits: [Float]) -> (score: Double, bytes: Range<Int32>)? {
        // Both ends are among the best of all tokens of the window, special ones included.
        let places = 0..<logits.count / 2
        let starts = places.sorted { (logits[2 * $1], $0) < (logits[2 * $0], $1) }.prefix(candidates)
        let ends = places.sorted { (logits[2 * $1 + 1], $0) < (logits[2 * $0 + 1], $1) }.prefix(candidates)
        let context = window.first..<window.first + window.bytes.count
        var best: (score: Double, bytes: Range<Int32>)?
        for start in starts where context.contains(start) {
            for end in ends where context.contains(end) && start <= end && end - start < longest {
                let score = Double(logits[2 * start]) + Double(logits[2 * end + 1])
                guard score > best?.score ?? -.infinity else { continue }
                let (first, last) = (window.bytes[start - window.first], window.bytes[end - window.first])
                best = (score, first.lowerBound..<max(first.lowerBound, last.upperBound))
            }
        }
        return best
    }
}
