/// A step that puts special tokens around texts: the section `post_processor` of a tokenizer.json, with the names of
/// `tokenizers`.
enum PostProcessingStep: Sendable, Equatable {
    /// `TemplateProcessing`: a template for one text and one for two.
    case template(single: [SequenceTemplate.Part], pair: [SequenceTemplate.Part])
    /// `BertProcessing`: `[CLS] text [SEP] pair [SEP]`.
    case bert(classifierID: Int32, separatorID: Int32)
    /// `RobertaProcessing`: `<s> text </s></s> pair </s>`, all of one segment.
    case roberta(classifierID: Int32, separatorID: Int32, trimming: OffsetTrimming?)

    /// What the step makes of texts that steps before it may have divided into several; nil if it can't take so many.
    fileprivate func apply(to pieces: [[SequenceTemplate.Part]]) -> [[SequenceTemplate.Part]]? {
        switch self {
        case .template(let single, let pair):
            guard (1...2).contains(pieces.count) else { return nil }
            var result: [[SequenceTemplate.Part]] = []
            for part in pieces.count == 1 ? single : pair {
                switch part {
                case .special: result.append([part])
                case .text(let typeID): result.append(pieces[0].map { $0.ofType(typeID) })
                case .pair(let typeID):
                    guard pieces.count == 2 else { return nil }
                    result.append(pieces[1].map { $0.ofType(typeID) })
                }
            }
            return result
        case .bert(let classifierID, let separatorID):
            return pieces.enumerated().map { index, piece in
                let typeID: Int32 = index == 0 ? 0 : 1
                let before: [SequenceTemplate.Part] = index == 0 ? [.special(ids: [classifierID], typeID: 0)] : []
                return before + piece + [.special(ids: [separatorID], typeID: typeID)]
            }
        case .roberta(let classifierID, let separatorID, _):
            return pieces.enumerated().map { index, piece in
                [.special(ids: [index == 0 ? classifierID : separatorID], typeID: 0)]
                    + piece.map { $0.ofType(0) } + [.special(ids: [separatorID], typeID: 0)]
            }
        }
    }
}

extension SequenceTemplate {
    /// The template to which several steps come, one after another; nil if a step cannot take what the step before it
    /// has made.
    init?(_ steps: [PostProcessingStep]) {
        func parts(_ start: [[Part]]) -> [Part]? {
            var pieces = start
            for step in steps {
                guard let next = step.apply(to: pieces) else { return nil }
                pieces = next
            }
            return Array(pieces.joined())
        }
        guard let single = parts([[.text(typeID: 0)]]), let pair = parts([[.text(typeID: 0)], [.pair(typeID: 1)]])
        else { return nil }
        self.init(single: single, pair: pair)
        for case .roberta(_, _, let trimming?) in steps { self.trimming = trimming }
    }
}

/// Takes white space off the offsets of tokens that have it at their ends: `trim_offsets`.
struct OffsetTrimming: Sendable, Equatable {
    /// Whether the first token of a text keeps one space at its beginning (`add_prefix_space`).
    var keepsFirstSpace: Bool

    /// The letter that stands for a space in ByteLevel's tokens.
    private static let spaceLetter: UInt32 = 0x120

    private static func isSpace(_ scalar: UInt32) -> Bool {
        scalar == spaceLetter || ScalarProperties(of: scalar).contains(.whiteSpace)
    }

    /// Trims the offsets of a token by as many scalars of the text as the token has spaces.
    ///
    /// - Parameters:
    ///   - token: The token as the library knows it: with the white space that an added token has stripped.
    ///   - isFirst: Whether it is the first token of its text.
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
        if keepsFirstSpace, isFirst || range.lowerBound == 0 { leading = max(0, leading - 1) }
        var (start, end) = (Int(range.lowerBound), Int(range.upperBound))
        while leading > 0, start < end {
            start += UTF8Bytes.scalar(in: text, at: start).length
            leading -= 1
        }
        while trailing > 0, end > start {
            end -= UTF8Bytes.scalar(in: text, endingAt: end).length
            trailing -= 1
        }
        return Int32(truncatingIfNeeded: start)..<Int32(truncatingIfNeeded: end)
    }
}
