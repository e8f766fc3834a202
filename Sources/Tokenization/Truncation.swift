/// Which of a text and its pair are cut when they are too long together: `tokenizers`' strategies.
package enum TruncationStrategy: Sendable, Equatable {
    /// The longer one, and both once they are equally long.
    case longestFirst
    /// The text only, of which something must remain; else nothing is cut.
    case onlyFirst
}

/// How texts are cut that are too long.
package struct Truncation: Sendable, Equatable {
    /// The most tokens that may come out, special tokens included.
    package var maxLength: Int
    /// The side from which tokens are taken away.
    package var direction: TruncationDirection
    /// Which of two texts are cut.
    package var strategy: TruncationStrategy

    /// Cuts to `maxLength` tokens.
    package init(
        maxLength: Int,
        direction: TruncationDirection = .right,
        strategy: TruncationStrategy = .longestFirst
    ) {
        self.maxLength = maxLength
        self.direction = direction
        self.strategy = strategy
    }
}

extension Truncation {
    /// How many tokens of a text, and of its pair, are kept where `limit` tokens are allowed in all.
    func keptLengths(_ first: Int, _ second: Int?, limit: Int) -> (first: Int, second: Int) {
        guard strategy == .onlyFirst, let second else { return Self.keptLengths(first, second, limit: limit) }
        let excess = max(0, first + second - limit)
        return (first > excess ? first - excess : first, second)
    }

    /// The same for the strategy `longest_first`.
    ///
    /// Follows `truncate_encodings` of `tokenizers` (utils/truncation.rs): only the longer text is cut, down to the
    /// length of the shorter one; where that isn't enough both get half, and the one that was longer (the pair, when
    /// they were equal) gets the odd token.
    static func keptLengths(_ first: Int, _ second: Int?, limit: Int) -> (first: Int, second: Int) {
        guard let second else { return (min(first, limit), 0) }
        guard first + second > limit else { return (first, second) }
        let shorter = min(first, second)
        var kept = (shorter: shorter, longer: shorter > limit ? shorter : max(shorter, limit - shorter))
        if kept.shorter + kept.longer > limit {
            kept = (limit / 2, limit / 2 + limit % 2)
        }
        return first > second ? (kept.longer, kept.shorter) : (kept.shorter, kept.longer)
    }

    /// The part of `count` tokens that is kept when `kept` of them may stay.
    func keptRange(of count: Int, kept: Int) -> Range<Int> {
        switch direction {
        case .right: 0..<kept
        case .left: (count - kept)..<count
        }
    }
}
