/// What a normalizer replaces, a pre-tokenizer splits at, or a decoder replaces.
enum Pattern: Sendable {
    /// A text, byte by byte.
    case literal([UInt8])
    /// A regular expression.
    case expression(RegularExpression)

    /// The ranges that match in `bytes[range]`, from left to right; they do not overlap. To the pattern the part is a
    /// whole text, of which it sees neither what comes before nor what comes after.
    func matches(in bytes: Span<UInt8>, _ range: Range<Int>) throws(TokenizerError) -> [Range<Int>] {
        if range.isEmpty { return [] }
        switch self {
        case .literal(let literal): return Self.occurrences(of: literal, in: bytes, range)
        case .expression(let expression): return try expression.matches(in: bytes, range)
        }
    }

    /// The occurrences of a literal. An empty one occurs before each scalar and at the end.
    private static func occurrences(of literal: [UInt8], in bytes: Span<UInt8>, _ range: Range<Int>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var position = range.lowerBound
        var patience = Patience()
        while position + literal.count <= range.upperBound, patience.lasts() {
            if literal.indices.allSatisfy({ bytes[position + $0] == literal[$0] }) {
                let isBoundary = position == range.upperBound || !UTF8Bytes.isContinuation(bytes[position])
                if isBoundary { found.append(position..<position + literal.count) }
                position += max(1, literal.count)
            } else {
                position += 1
            }
        }
        return found
    }
}

/// A part of a text, and whether the pattern that divides the text matches there.
struct PatternPart: Equatable {
    var range: Range<Int>
    var isMatch: Bool

    /// The parts of `range`: the matches and what is between them.
    static func parts(of range: Range<Int>, matches: [Range<Int>]) -> [PatternPart] {
        guard !range.isEmpty else { return [PatternPart(range: range, isMatch: false)] }
        var parts: [PatternPart] = []
        var position = range.lowerBound
        var patience = Patience()
        for match in matches {
            guard patience.lasts() else { break }
            if position != match.lowerBound {
                parts.append(PatternPart(range: position..<match.lowerBound, isMatch: false))
            }
            parts.append(PatternPart(range: match, isMatch: true))
            position = match.upperBound
        }
        if position != range.upperBound {
            parts.append(PatternPart(range: position..<range.upperBound, isMatch: false))
        }
        return parts
    }
}

/// What becomes of the delimiters at which a text is split, with the names of `tokenizers`.
enum SplitBehavior: String, Sendable, CaseIterable {
    /// Delimiters are dropped.
    case removed = "Removed"
    /// Each delimiter is a part of its own.
    case isolated = "Isolated"
    /// A delimiter belongs to the part before it.
    case mergedWithPrevious = "MergedWithPrevious"
    /// A delimiter belongs to the part after it.
    case mergedWithNext = "MergedWithNext"
    /// Delimiters in a row are one part.
    case contiguous = "Contiguous"

    /// The ranges of the split text, which may be empty where a match is.
    func split(_ parts: [PatternPart]) -> [Range<Int>] {
        switch self {
        case .removed:
            return parts.lazy.filter { !$0.isMatch }.map(\.range)
        case .isolated:
            return parts.map(\.range)
        case .contiguous:
            return Self.merge(parts) { part, previous in part.isMatch == previous }
        case .mergedWithPrevious:
            return Self.merge(parts) { part, previous in part.isMatch && !previous }
        case .mergedWithNext:
            var merged: [Range<Int>] = []
            var previousIsMatch = false
            var patience = Patience()
            for part in parts.reversed() {
                guard patience.lasts() else { break }
                if part.isMatch, !previousIsMatch, let last = merged.popLast() {
                    merged.append(part.range.lowerBound..<last.upperBound)
                } else {
                    merged.append(part.range)
                }
                previousIsMatch = part.isMatch
            }
            return merged.reversed()
        }
    }

    /// The ranges of the parts, of which those are joined with the part before them for which `joins` is true. It gets
    /// the part, and whether the part before it is a match.
    private static func merge(_ parts: [PatternPart], joins: (PatternPart, Bool) -> Bool) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        var previousIsMatch = false
        var patience = Patience()
        for part in parts {
            guard patience.lasts() else { break }
            if joins(part, previousIsMatch), let last = merged.popLast() {
                merged.append(last.lowerBound..<part.range.upperBound)
            } else {
                merged.append(part.range)
            }
            previousIsMatch = part.isMatch
        }
        return merged
    }
}
