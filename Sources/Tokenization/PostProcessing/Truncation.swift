/// Which texts of a pair are cut when they are too long together. The strategies are those of `tokenizers`.
package enum TruncationStrategy: Sendable, Equatable {
    /// The longer text is cut, and both once they are equally long.
    case longestFirst
    /// Only the first text is cut. If nothing of it would remain, nothing is cut.
    case onlyFirst
}

/// How texts that are too long are cut.
package struct Truncation: Sendable, Equatable {
    /// The most tokens of the result, special tokens included.
    package var maxLength: Int
    /// The side from which tokens are removed.
    package var direction: TruncationDirection
    /// Which texts of a pair are cut.
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
    /// The numbers of tokens of a text and of its pair that are kept if `limit` tokens are allowed in all.
    func keptLengths(_ first: Int, _ second: Int?, limit: Int) -> (first: Int, second: Int) {
        guard strategy == .onlyFirst, let second else { return Self.keptLengths(first, second, limit: limit) }
        let excess = max(0, first + second - limit)
        return (first > excess ? first - excess : first, second)
    }

    /// The numbers of tokens that the strategy `longest_first` keeps.
    ///
    /// It follows `truncate_encodings` of `tokenizers` (utils/truncation.rs): only the longer text is cut, down to the
    /// length of the shorter one. If that is not enough, both get half of the limit, and the text that was longer (the
    /// pair if both were equal) gets the odd token.
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

    /// The range of `count` tokens that is kept if `kept` of them may stay.
    func keptRange(of count: Int, kept: Int) -> Range<Int> {
        switch direction {
        case .right: 0..<kept
        case .left: (count - kept)..<count
        }
    }
}

/// The side of a text from which truncation removes tokens.
package enum TruncationDirection: String, Sendable, CaseIterable {
    /// Tokens at the end are removed.
    case right
    /// Tokens at the beginning are removed.
    case left
}
