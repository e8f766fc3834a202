/// A step that puts special tokens around texts: the section `post_processor` of a tokenizer.json, with the names of
/// `tokenizers`.
enum PostProcessingStep: Sendable, Equatable {
    /// `TemplateProcessing`: a template for one text and one for two.
    case template(single: [SequenceTemplate.Part], pair: [SequenceTemplate.Part])
    /// `BertProcessing`: `[CLS] text [SEP] pair [SEP]`.
    case bert(classifierID: Int32, separatorID: Int32)
    /// `RobertaProcessing`: `<s> text </s></s> pair </s>`, all of one segment.
    case roberta(classifierID: Int32, separatorID: Int32, trimming: OffsetTrimming?)
    /// `ByteLevel`: no tokens.
    case byteLevel(trimming: OffsetTrimming?)

    /// The number of special tokens for which truncation leaves space. (A step behind one that adds tokens adds more.)
    fileprivate func addedCount(isPair: Bool) -> Int {
        switch self {
        case .template(let single, let pair): SequenceTemplate.specialTokenCount(of: isPair ? pair : single)
        case .bert: isPair ? 3 : 2
        case .roberta: isPair ? 4 : 2
        case .byteLevel: 0
        }
    }

    /// What the step makes of texts that steps before it may have divided into several; nil if it can't take so many.
    fileprivate func apply(to pieces: [[SequenceTemplate.Part]]) -> [[SequenceTemplate.Part]]? {
        switch self {
        case .template(let single, let pair):
            guard (1...2).contains(pieces.count) else { return nil }
            var result: [[SequenceTemplate.Part]] = []
            for part in pieces.count == 1 ? single : pair {
                switch part {
                case .special: result.append([part])
                case .text(let typeID, _): result.append(pieces[0].map { $0.ofType(typeID) })
                case .pair(let typeID, _):
                    guard pieces.count == 2 else { return nil }
                    result.append(pieces[1].map { $0.ofType(typeID) })
                }
            }
            return result
        case .bert(let classifierID, let separatorID):
            return pieces.enumerated().map { index, piece in
                let typeID: Int32 = index == 0 ? 0 : 1
                let before: [SequenceTemplate.Part] = index == 0 ? [.special(ids: [classifierID], typeID: 0)] : []
                return before + piece.map(\.forgotten) + [.special(ids: [separatorID], typeID: typeID)]
            }
        case .roberta(let classifierID, let separatorID, let trimming):
            return Self.trimmed(pieces, trimming).enumerated().map { index, piece in
                [.special(ids: [index == 0 ? classifierID : separatorID], typeID: 0)]
                    + piece.map { $0.ofType(0).forgotten } + [.special(ids: [separatorID], typeID: 0)]
            }
        case .byteLevel(let trimming): return Self.trimmed(pieces, trimming)
        }
    }

    /// The pieces with a further trimming of their texts' offsets.
    private static func trimmed(
        _ pieces: [[SequenceTemplate.Part]],
        _ trimming: OffsetTrimming?
    ) -> [[SequenceTemplate.Part]] {
        guard let trimming else { return pieces }
        return pieces.map { piece in
            piece.enumerated().map { index, part in
                var trimming = trimming
                trimming.isBehindTokens = index > 0
                return part.trimmed(by: trimming)
            }
        }
    }
}

extension SequenceTemplate {
    /// The template to which several steps come, one after another; nil if a step cannot take what the step before it
    /// has made of one text.
    init?(_ steps: [PostProcessingStep]) {
        func parts(_ start: [[Part]]) -> [Part]? {
            var pieces = start
            for step in steps {
                guard let next = step.apply(to: pieces) else { return nil }
                pieces = next
            }
            return Array(pieces.joined())
        }
        guard let single = parts([[.text(typeID: 0)]]) else { return nil }
        let pairParts = parts([[.text(typeID: 0)], [.pair(typeID: 1)]])
        let pair = pairParts ?? []
        self.init(single: single, pair: pair)
        takesPairs = pairParts != nil
        trimsOffsets = (single + pair).contains { !$0.trimmings.isEmpty }
        let counts = [false, true].map { isPair in steps.reduce(0) { $0 + $1.addedCount(isPair: isPair) } }
        if counts != [Self.specialTokenCount(of: single), Self.specialTokenCount(of: pair)] { addedCounts = counts }
    }
}

extension SequenceTemplate.Part {
    /// The same part as a step sees it that takes all of its input for a text.
    fileprivate var forgotten: Self {
        guard case .special(let ids, let typeID, _) = self else { return self }
        return .special(ids: ids, typeID: typeID, isForgotten: true)
    }

    /// The same part with a further trimming. Special tokens have no offsets to trim.
    fileprivate func trimmed(by trimming: OffsetTrimming) -> Self {
        switch self {
        case .special: self
        case .text(let typeID, let trimmings): .text(typeID: typeID, trimmings: trimmings + [trimming])
        case .pair(let typeID, let trimmings): .pair(typeID: typeID, trimmings: trimmings + [trimming])
        }
    }
}

/// Takes white space off the offsets of tokens that have it at their ends: `trim_offsets`.
struct OffsetTrimming: Sendable, Equatable {
    /// Whether the first token of a text keeps a space at its beginning if it has one there and no more
    /// (`add_prefix_space`).
    var keepsFirstSpace: Bool
    /// Whether a step before this one has put tokens before the text, so that the text's first token is not the first.
    var isBehindTokens = false

    /// The letter that stands for a space in ByteLevel's tokens.
    private static let spaceLetter: UInt32 = 0x120

    private static func isSpace(_ scalar: UInt32) -> Bool {
        scalar == spaceLetter || ScalarProperties(of: scalar).contains(.whiteSpace)
    }

    /// Trims the offsets of a token by as many scalars of the text as the token has spaces.
    ///
    /// - Parameters:
    ///   - token: The token as the library knows it: with the white space that an added token has stripped.
    ///   - isFirst: Whether the token is the first one.
    func trim(_ range: Range<Int32>, of token: Span<UInt8>, in text: Span<UInt8>, isFirst: Bool) -> Range<Int32> {
        var (leading, trailing) = (0, 0)
        var position = 0
        while position < token.count {
            let (scalar, length) = UTF8Bytes.scalar(in: token, at: position)
            guard Self.isSpace(scalar) else { break }
            leading += 1
            position += length
        }
        position = token.count
        while position > 0 {
            let (scalar, length) = UTF8Bytes.scalar(in: token, endingAt: position)
            guard Self.isSpace(scalar) else { break }
            trailing += 1
            position -= length
        }
        if keepsFirstSpace, isFirst || range.lowerBound == 0, leading == 1 { leading = 0 }
        var (start, end) = (Int(range.lowerBound), Int(range.upperBound))
        while leading > 0, start < end {
            start += UTF8Bytes.scalar(in: text, at: start).length
            leading -= 1
        }
        var trimmedEnd = end
        while trailing > 0, trimmedEnd > 0 {
            trimmedEnd -= UTF8Bytes.scalar(in: text, endingAt: trimmedEnd).length
            trailing -= 1
        }
        // The library leaves the end where it is if there is less text before it than the token has spaces.
        if trailing == 0 { end = max(start, trimmedEnd) }
        return Int32(truncatingIfNeeded: start)..<Int32(truncatingIfNeeded: end)
    }
}
