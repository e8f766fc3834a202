import Tokenization

/// The answers that the windows of one context give, each once.
struct AnswerCollection {
    /// A place in the context, in UTF-8 bytes, with the sum of the scores of all spans that say the same.
    private struct Found {
        let bytes: Range<Int32>
        var score: Double
    }

    private let context: String
    private var answers: [Found] = []
    /// By their text in lower case: the first place stands for all. (Bytes, as Swift's strings would be compared by
    /// canonical equivalence.)
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

    /// The best answers, best first; at least one, which is empty where there is none.
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

    /// Converts places in the order in which they stand in the context, which takes one pass over it.
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
