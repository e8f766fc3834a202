import JSON
import Tokenization

/// How the labels of tokens become the labels of words and of entities.
package enum AggregationStrategy: String, Sendable, CaseIterable {
    /// Not at all: each token has its label.
    case none
    /// Neighbouring tokens of one entity are joined, whatever words they belong to.
    case simple
    /// A word has its first token's label; then as `simple`.
    case first
    /// A word has the label whose mean score over its tokens is the highest; then as `simple`.
    case average
    /// A word has the label of its token with the highest score; then as `simple`.
    case max
}

/// A token, a word, or several words that name something.
package struct Entity: Sendable, Equatable {
    /// The label of config.json; without its `B-` or `I-` where tokens were aggregated.
    package let label: String
    /// The label's probability, or the mean over the parts.
    package let score: Double
    /// The token's index in its window, special tokens included; nil where tokens were aggregated.
    package let index: Int?
    /// The tokens as text; the text's own words and spelling are between `start` and `end`.
    package let word: String
    /// The entity's beginning in the text, in Unicode scalars.
    package let start: Int
    /// The entity's end.
    package let end: Int
}

/// A token with the scores of all labels.
struct ScoredToken {
    /// The token as it stands in the vocabulary, or the text's own word if the vocabulary has none.
    let word: String
    /// The index in its window.
    let index: Int
    let start: Int
    let end: Int
    /// Whether the token continues the word of the token before.
    let isSubword: Bool
    /// The probability of each label.
    let scores: [Float]
}

/// Makes entities of tokens, by the rules of transformers' token classification pipeline.
struct EntityAggregation {
    let strategy: AggregationStrategy
    /// config.json's names of the classes.
    let labels: [String]
    /// Joins the words of tokens into text.
    let joined: ([String]) -> String

    /// The entities of one window.
    func entities(of tokens: [ScoredToken]) -> [Entity] {
        switch strategy {
        case .none: tokens.map(entity)
        case .simple: groups(tokens.map(entity))
        case .first, .average, .max: groups(words(tokens).map(entity(ofWord:)))
        }
    }

    /// A token with its likeliest label.
    private func entity(_ token: ScoredToken) -> Entity {
        let best = best(token.scores.map(Double.init))
        return Entity(
            label: labels[best.label],
            score: best.score,
            index: token.index,
            word: token.word,
            start: token.start,
            end: token.end
        )
    }

    /// The highest score; of equal scores, the first.
    private func best(_ scores: [Double]) -> (label: Int, score: Double) {
        var best = (label: 0, score: scores[0])
        for (label, score) in scores.enumerated() where score > best.score { best = (label, score) }
        return best
    }

    /// The tokens of each word.
    private func words(_ tokens: [ScoredToken]) -> [ArraySlice<ScoredToken>] {
        var words: [ArraySlice<ScoredToken>] = []
        var start = 0
        for index in tokens.indices.dropFirst() where !tokens[index].isSubword {
            words.append(tokens[start..<index])
            start = index
        }
        return tokens.isEmpty ? [] : words + [tokens[start...]]
    }

    private func entity(ofWord tokens: ArraySlice<ScoredToken>) -> Entity {
        let scores = tokens.map { $0.scores.map(Double.init) }
        let chosen: (label: Int, score: Double)
        switch strategy {
        case .average:
            let sums = scores.dropFirst().reduce(scores[0]) { sums, scores in zip(sums, scores).map(+) }
            chosen = best(sums.map { $0 / Double(scores.count) })
        case .max:
            chosen = scores.dropFirst().map(best).reduce(best(scores[0])) { $1.score > $0.score ? $1 : $0 }
        case .none, .simple, .first:
            chosen = best(scores[0])
        }
        return Entity(
            label: labels[chosen.label],
            score: chosen.score,
            index: nil,
            word: joined(tokens.map(\.word)),
            start: tokens[tokens.startIndex].start,
            end: tokens[tokens.endIndex - 1].end
        )
    }

    /// Joins neighbours of the same kind, unless the label of the later one says that it begins a new entity.
    private func groups(_ entities: [Entity]) -> [Entity] {
        var groups: [Entity] = []
        var members: [Entity] = []
        for entity in entities {
            let (isBeginning, tag) = Self.parts(of: entity.label)
            if let last = members.last, isBeginning || !tag.equals(Self.parts(of: last.label).tag) {
                groups.append(group(members))
                members = []
            }
            members.append(entity)
        }
        return members.isEmpty ? groups : groups + [group(members)]
    }

    /// `B-PER` begins a `PER`; `I-PER` and a plain `PER` continue one.
    static func parts(of label: String) -> (isBeginning: Bool, tag: Substring) {
        if let tag = label.rest(after: "B-") { return (true, tag) }
        return (false, label.rest(after: "I-") ?? label[...])
    }

    private func group(_ members: [Entity]) -> Entity {
        let label = members[0].label
        let name = label.pieces(separatedBy: "-", most: 1).last ?? label[...]
        return Entity(
            label: String(name),
            score: members.reduce(0) { $0 + $1.score } / Double(members.count),
            index: nil,
            word: joined(members.map(\.word)),
            start: members[0].start,
            end: members[members.count - 1].end
        )
    }

    /// The entities of overlapping windows, each once. Of entities that begin within one another the longest stays, and
    /// of equally long ones the one with the highest score.
    static func merged(_ entities: [Entity]) -> [Entity] {
        var merged: [Entity] = []
        for entity in entities.sorted(by: { $0.start < $1.start }) {
            guard let last = merged.last, entity.start < last.end else {
                merged.append(entity)
                continue
            }
            let (length, lastLength) = (entity.end - entity.start, last.end - last.start)
            if length > lastLength || length == lastLength && entity.score > last.score {
                merged[merged.count - 1] = entity
            }
        }
        return merged
    }
}
