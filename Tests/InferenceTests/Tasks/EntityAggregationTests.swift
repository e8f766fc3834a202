import Testing

@testable import Inference

@Suite("Entities of tokens")
struct EntityAggregationTests {
    private static let labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "PER"]

    private func entities(_ tokens: [ScoredToken], _ strategy: AggregationStrategy) -> [Entity] {
        EntityAggregation(strategy: strategy, labels: Self.labels) { words in
            words.reduce("") { $0.isEmpty ? $1 : $1.hasPrefix("##") ? $0 + $1.dropFirst(2) : $0 + " " + $1 }
        }.entities(of: tokens)
    }

    /// Tokens in a row that each are sure of a label.
    private func tokens(_ given: [(word: String, label: String, score: Float)]) -> [ScoredToken] {
        given.enumerated().map { index, token in
            ScoredToken(
                word: token.word,
                index: index + 1,
                start: 3 * index,
                end: 3 * index + 2,
                isSubword: token.word.hasPrefix("##"),
                scores: Self.labels.map { $0 == token.label ? token.score : (1 - token.score) / 5 }
            )
        }
    }

    @Test("a B- begins another one, an I- or a plain label goes on with its own kind only")
    func groups() {
        let given = [
            ("a", "B-PER"), ("b", "I-PER"), ("c", "B-PER"), ("d", "PER"), ("e", "I-LOC"), ("f", "I-LOC"), ("g", "O"),
        ]
        let found = entities(tokens(given.map { ($0.0, $0.1, 0.9) }), .simple)
        #expect(found.map(\.label) == ["PER", "PER", "LOC", "O"])
        #expect(found.map(\.word) == ["a b", "c d", "e f", "g"])
        #expect(found.map(\.start) == [0, 6, 12, 18] && found.map(\.end) == [5, 11, 17, 20])
    }

    @Test("a word's label is the first piece's, the surest piece's or that of the highest mean")
    func words() {
        let word = tokens([("mi", "B-PER", 0.5), ("##cro", "I-LOC", 0.8), ("##soft", "B-PER", 0.6), ("x", "O", 0.9)])
        #expect(entities(word, .first).map(\.label) == ["PER", "O"])
        #expect(entities(word, .max).map(\.label) == ["LOC", "O"])
        let mean = entities(word, .average)
        #expect(mean.map(\.label) == ["PER", "O"] && mean[0].word == "microsoft")
        #expect(abs(mean[0].score - (0.5 + 0.04 + 0.6) / 3) < 1e-6)
    }

    @Test("of entities that overlap the longest stays, of equally long ones the surest")
    func merging() {
        func entity(_ start: Int, _ end: Int, _ score: Double) -> Entity {
            Entity(label: "PER", score: score, index: nil, word: "", start: start, end: end)
        }
        let merged = EntityAggregation.merged([
            entity(0, 4, 0.9), entity(8, 12, 0.5), entity(2, 9, 0.3), entity(20, 24, 0.5), entity(20, 24, 0.6),
            entity(24, 26, 0.1),
        ])
        #expect(merged.map(\.start) == [2, 20, 24])
        #expect(merged.map(\.score) == [0.3, 0.6, 0.1])
    }
}
