/// Truncation by the strategy `longest_first`.
package struct Truncation: Sendable, Equatable {
    /// The most tokens that may come out, special tokens included.
    package var maxLength: Int
    /// The side from which tokens are taken away.
    package var direction: TruncationDirection

    /// Cuts to `maxLength` tokens.
    package init(maxLength: Int, direction: TruncationDirection = .right) {
        self.maxLength = maxLength
        self.direction = direction
    }
}

extension Truncation {
    /// How many tokens of a text, and of its pair, are kept where `limit` tokens are allowed in all.
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
