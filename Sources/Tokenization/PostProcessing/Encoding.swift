/// A text or a pair of texts as token ids, with details of each token.
///
/// All arrays have one entry for each token, except that `offsets` is empty when offsets were not collected, and that a
/// mask of ones is nil. It corresponds to `tokenizers.Encoding` of Hugging Face.
package struct Encoding: Sendable, Equatable {
    /// The token ids: the model's `input_ids`.
    package var ids: [Int32] = []
    /// The segment of each token: the model's `token_type_ids`.
    package var typeIDs: [Int32] = []
    /// The model's `attention_mask`, for a client's own arrays that hide tokens from attention; nil if it is all ones.
    package var attentionMask: [UInt8]?
    /// The range of UTF-8 bytes in its text from which each token comes; `0..<0` for special tokens of the template.
    package var offsets: [Range<Int32>] = []
    /// Whether the template added the token. (It is false for a special token that is written in the text itself, as
    /// in `tokenizers`.)
    package var specialTokensMask: [Bool] = []
    /// The text to which a token belongs: 0 for the text, 1 for its pair, -1 for special tokens of the template.
    package var sequenceIDs: [Int8] = []
    /// The number of tokens that truncation removed from both texts together.
    package var truncatedTokenCount = 0

    /// An encoding of ids that a client has made. Nothing else is known about its tokens.
    ///
    /// - Parameters:
    ///   - typeIDs: nil for zeros.
    ///   - attentionMask: nil for ones.
    package init(
        ids: [Int32] = [],
        typeIDs: [Int32]? = nil,
        attentionMask: [UInt8]? = nil,
        truncatedTokenCount: Int = 0
    ) {
        self.ids = ids
        self.typeIDs = typeIDs ?? Array(repeating: 0, count: ids.count)
        self.attentionMask = attentionMask
        self.truncatedTokenCount = truncatedTokenCount
    }

    /// The number of tokens.
    package var count: Int { ids.count }
}

/// Options for encoding a text.
package struct EncodingOptions: Sendable, Equatable {
    /// Whether to put the special tokens ([CLS], [SEP]) around the text.
    package var addSpecialTokens: Bool
    /// How to cut a text that is too long; nil to cut nothing.
    package var truncation: Truncation?
    /// Whether to collect ``Encoding/offsets``.
    package var collectOffsets: Bool
    /// Whether the type ids are those that the model gets: all 0 if the tokenizer gives it none.
    package var forModel: Bool

    /// Options. By default the whole text is encoded between its special tokens, with offsets and its own type ids.
    package init(
        addSpecialTokens: Bool = true,
        truncation: Truncation? = nil,
        collectOffsets: Bool = true,
        forModel: Bool = false
    ) {
        self.addSpecialTokens = addSpecialTokens
        self.truncation = truncation
        self.collectOffsets = collectOffsets
        self.forModel = forModel
    }
}

extension Encoding {
    /// The offsets of each token, counted in `unit`.
    ///
    /// - Parameters:
    ///   - text: The text that was encoded.
    ///   - pair: The second text that was encoded with it, if any.
    /// - Complexity: O(tokens + text). Each text is passed once, because offsets only grow. (Only overlapping matches
    ///   of added tokens may go back a little.)
    package func offsets(in unit: OffsetUnit, text: String, pair: String? = nil) -> [Range<Int32>] {
        guard unit != .byte, !offsets.isEmpty else { return offsets }
        let textUTF8 = text.utf8Span
        let pairText = pair ?? ""
        let pairUTF8 = pairText.utf8Span
        var converted: [Range<Int32>] = []
        converted.reserveCapacity(offsets.count)
        var starts = (OffsetCursor(), OffsetCursor())
        var ends = (OffsetCursor(), OffsetCursor())
        for (range, sequence) in zip(offsets, sequenceIDs) {
            switch sequence {
            case 0:
                let start = starts.0.move(to: range.lowerBound, in: textUTF8.span, unit: unit)
                converted.append(start..<ends.0.move(to: range.upperBound, in: textUTF8.span, unit: unit))
            case 1:
                let start = starts.1.move(to: range.lowerBound, in: pairUTF8.span, unit: unit)
                converted.append(start..<ends.1.move(to: range.upperBound, in: pairUTF8.span, unit: unit))
            default:
                converted.append(0..<0)
            }
        }
        return converted
    }
}

/// The unit in which offsets into a text are counted.
package enum OffsetUnit: String, Sendable, CaseIterable {
    /// Bytes of UTF-8: this tokenizer's own unit.
    case byte
    /// Unicode scalar values: the unit of Hugging Face's Python bindings.
    case scalar
    /// UTF-16 code units: the indices of strings in JavaScript, Java and C#.
    case utf16
}

/// A position in a UTF-8 text, both in bytes and in another unit. A move takes time in proportion to its distance, so
/// the positions of many tokens in turn take one pass over their text.
package struct OffsetCursor: Sendable {
    private var byte = 0
    private var converted: Int32 = 0

    /// A cursor at the beginning of the text.
    package init() {}

    /// Moves to a byte offset, forwards or back, and returns the same position in `unit`. Every call must pass the same
    /// unit.
    package mutating func move(to target: Int32, in bytes: Span<UInt8>, unit: OffsetUnit) -> Int32 {
        let target = min(Int(target), bytes.count)
        while byte < target {
            converted += bytes[byte].unitsStarted(in: unit)
            byte += 1
        }
        while byte > target {
            byte -= 1
            converted -= bytes[byte].unitsStarted(in: unit)
        }
        return converted
    }
}

extension UInt8 {
    /// The number of units of the scalar that begins with this byte of UTF-8; 0 for a continuation byte.
    fileprivate func unitsStarted(in unit: OffsetUnit) -> Int32 {
        if self & 0xC0 == 0x80, unit != .byte { return 0 }
        return unit == .utf16 && self >= 0xF0 ? 2 : 1
    }
}
