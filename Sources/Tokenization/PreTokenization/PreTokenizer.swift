/// How normalized text is split into words: the section `pre_tokenizer` of a tokenizer.json.
///
/// Every step splits what the step before it has left. Empty parts are dropped.
struct PreTokenizer: Sendable {
    /// The steps of a `Sequence`, or the only step. Without a step the whole text is one word.
    var steps: [PreTokenizationStep]

    /// Whether it is a `BertPreTokenizer` and nothing else.
    var isBert: Bool {
        if case .bert? = steps.first { steps.count == 1 } else { false }
    }

    /// The words of a part of a normalized text.
    func words(in bytes: Span<UInt8>, _ range: Range<Int>) throws(TokenizerError) -> [Range<Int>] {
        var words = range.isEmpty ? [] : [range]
        var patience = Patience()
        for step in steps {
            var split: [Range<Int>] = []
            for word in words where patience.lasts() {
                for part in try step.split(bytes, word) where !part.isEmpty { split.append(part) }
            }
            words = split
        }
        return words
    }
}

/// A step of splitting a text into words, with its name in `tokenizers`.
enum PreTokenizationStep: Sendable {
    /// `BertPreTokenizer`: white space separates words, and each punctuation character is a word.
    case bert
    /// `Whitespace`: runs of word characters, and runs of other characters, are words.
    case whitespace
    /// `WhitespaceSplit`: white space separates words.
    case whitespaceSplit
    /// `Punctuation`: words are split at punctuation.
    case punctuation(SplitBehavior)
    /// `Digits`: numbers are words of their own, or each digit is.
    case digits(individually: Bool)
    /// `CharDelimiterSplit`: a scalar separates words.
    case delimiter(UInt32)
    /// `FixedLength`: words have this number of scalars, the last one may have fewer.
    case fixedLength(Int)
    /// `Split`: words are split where a pattern matches, or, if `isInverted`, where it does not.
    case split(Pattern, SplitBehavior, isInverted: Bool)

    /// The parts of a word, some of which may be empty.
    func split(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(TokenizerError) -> [Range<Int>] {
        switch self {
        case .bert:
            var words: [Range<Int>] = []
            var position = range.lowerBound
            var patience = Patience()
            while patience.lasts(),
                let word = BertPreTokenizer.nextWord(in: bytes, from: position, to: range.upperBound)
            {
                words.append(word)
                position = word.upperBound
            }
            return words
        case .whitespace:
            return Self.runs(bytes, range) { properties in
                properties.contains(.word) ? .word : properties.contains(.whiteSpace) ? nil : .other
            }
        case .whitespaceSplit:
            return Self.runs(bytes, range) { $0.contains(.whiteSpace) ? nil : .word }
        case .punctuation(let behavior):
            return behavior.split(Self.parts(bytes, range) { ScalarProperties(of: $0).contains(.punctuation) })
        case .digits(let individually):
            let behavior = individually ? SplitBehavior.isolated : .contiguous
            return behavior.split(Self.parts(bytes, range) { ScalarProperties(of: $0).contains(.numeric) })
        case .delimiter(let delimiter):
            return SplitBehavior.removed.split(Self.parts(bytes, range) { $0 == delimiter })
        case .fixedLength(let length):
            return Self.chunks(bytes, range, length: length)
        case .split(let pattern, let behavior, let isInverted):
            var parts = PatternPart.parts(of: range, matches: try pattern.matches(in: bytes, range))
            if isInverted { for index in parts.indices { parts[index].isMatch.toggle() } }
            return behavior.split(parts)
        }
    }

    /// The parts of a text, of which each scalar with a property is one.
    private static func parts(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        where isDelimiter: (UInt32) -> Bool
    ) -> [PatternPart] {
        var delimiters: [Range<Int>] = []
        var position = range.lowerBound
        var patience = Patience()
        while position < range.upperBound, patience.lasts() {
            let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
            if isDelimiter(scalar) { delimiters.append(position..<position + length) }
            position += length
        }
        return PatternPart.parts(of: range, matches: delimiters)
    }

    private enum Run {
        case word
        case other
    }

    /// The runs of scalars of the same kind. Scalars without a kind belong to no run.
    private static func runs(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        kind: (ScalarProperties) -> Run?
    ) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var last: Run?
        var position = range.lowerBound
        var patience = Patience()
        while position < range.upperBound, patience.lasts() {
            let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
            let found = kind(ScalarProperties(of: scalar))
            if found != nil, found == last, let run = runs.popLast() {
                runs.append(run.lowerBound..<position + length)
            } else if found != nil {
                runs.append(position..<position + length)
            }
            last = found
            position += length
        }
        return runs
    }

    private static func chunks(_ bytes: Span<UInt8>, _ range: Range<Int>, length: Int) -> [Range<Int>] {
        var chunks: [Range<Int>] = []
        var start = range.lowerBound
        var position = start
        var count = 0
        var patience = Patience()
        while position < range.upperBound, patience.lasts() {
            position += UTF8Bytes.scalar(in: bytes, at: position).length
            count += 1
            if count == length || position == range.upperBound {
                chunks.append(start..<position)
                (start, count) = (position, 0)
            }
        }
        return chunks
    }
}
