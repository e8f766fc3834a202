/// A template that puts a text or a pair of texts between special tokens: `TemplateProcessing`. Mostly each text comes
/// once, but it may come several times or not at all.
struct SequenceTemplate: Sendable, Equatable {
    /// A part of the template.
    enum Part: Sendable, Equatable {
        /// Special tokens, by id. A later step may forget that they are special, and takes them for tokens of a text.
        case special(ids: [Int32], typeID: Int32, isForgotten: Bool = false)
        /// The place of the text, with how the offsets of its tokens are trimmed, one after the other.
        case text(typeID: Int32, trimmings: [OffsetTrimming] = [])
        /// The place of the text's pair.
        case pair(typeID: Int32, trimmings: [OffsetTrimming] = [])

        /// The same part with another type id.
        func ofType(_ typeID: Int32) -> Part {
            switch self {
            case .special(let ids, _, let isForgotten): .special(ids: ids, typeID: typeID, isForgotten: isForgotten)
            case .text(_, let trimmings): .text(typeID: typeID, trimmings: trimmings)
            case .pair(_, let trimmings): .pair(typeID: typeID, trimmings: trimmings)
            }
        }

        /// How the offsets of the part's tokens are trimmed.
        var trimmings: [OffsetTrimming] {
            switch self {
            case .special: []
            case .text(_, let trimmings), .pair(_, let trimmings): trimmings
            }
        }
    }

    /// The template for a single text.
    var single: [Part]
    /// The template for a text and its pair.
    var pair: [Part]
    /// Whether there is a template for two texts.
    var takesPairs = true
    /// Whether the offsets of any part's tokens are trimmed.
    var trimsOffsets = false
    /// The numbers of special tokens for which truncation leaves space, for one text and for two; empty if they are the
    /// templates' own.
    var addedCounts: [Int] = []

    /// BERT's template: `[CLS] text [SEP]` and `[CLS] text [SEP] pair [SEP]`.
    static func bert(classifierID: Int32, separatorID: Int32) -> SequenceTemplate {
        let single: [Part] = [
            .special(ids: [classifierID], typeID: 0), .text(typeID: 0), .special(ids: [separatorID], typeID: 0),
        ]
        return SequenceTemplate(
            single: single,
            pair: single + [.pair(typeID: 1), .special(ids: [separatorID], typeID: 1)]
        )
    }

    /// The template without special tokens, for a `tokenizer.json` without post-processor.
    static let bare = SequenceTemplate(single: [.text(typeID: 0)], pair: [.text(typeID: 0), .pair(typeID: 1)])

    /// The same template with all types 0.
    var withoutTypes: SequenceTemplate {
        var template = self
        template.single = single.map { $0.ofType(0) }
        template.pair = pair.map { $0.ofType(0) }
        return template
    }

    /// Whether an encoding may have more tokens than its truncation says: a text comes more than once, or there are
    /// more special tokens than truncation leaves space for.
    var exceedsTruncation: Bool {
        func repeats(_ parts: [Part]) -> Bool {
            let texts = parts.filter { if case .text = $0 { true } else { false } }
            let pairs = parts.filter { if case .pair = $0 { true } else { false } }
            return max(texts.count, pairs.count) > 1
        }
        return !addedCounts.isEmpty || repeats(single) || repeats(pair)
    }

    /// The number of special tokens for which truncation leaves space.
    func specialTokenCount(isPair: Bool) -> Int {
        addedCounts.isEmpty ? Self.specialTokenCount(of: isPair ? pair : single) : addedCounts[isPair ? 1 : 0]
    }

    /// The number of special tokens of a template.
    static func specialTokenCount(of parts: [Part]) -> Int {
        parts.reduce(0) { count, part in
            if case .special(let ids, _, _) = part { count + ids.count } else { count }
        }
    }

    /// Makes an encoding of the kept tokens of a text and of its pair.
    func assemble(
        _ text: TokenSequence,
        _ pairText: TokenSequence?,
        kept: (text: Range<Int>, pair: Range<Int>),
        options: EncodingOptions
    ) -> Encoding {
        let parts = pairText == nil ? single : pair
        var encoding = Encoding()
        let count = kept.text.count + kept.pair.count + specialTokenCount(isPair: pairText != nil)
        encoding.reserveCapacity(count, offsets: options.collectOffsets)
        for part in parts {
            switch part {
            case .special(let ids, let typeID, let isForgotten) where options.addSpecialTokens:
                encoding.append(special: ids, typeID: typeID, isSpecial: !isForgotten, offsets: options.collectOffsets)
            case .special:
                break
            case .text(let typeID, _):
                encoding.append(text, kept.text, typeID: typeID, sequenceID: 0, offsets: options.collectOffsets)
            case .pair(let typeID, _):
                guard let pairText else { break }
                encoding.append(pairText, kept.pair, typeID: typeID, sequenceID: 1, offsets: options.collectOffsets)
            }
        }
        encoding.truncatedTokenCount = text.count - kept.text.count + (pairText?.count ?? 0) - kept.pair.count
        return encoding
    }
}

extension Encoding {
    fileprivate mutating func reserveCapacity(_ count: Int, offsets collectsOffsets: Bool) {
        ids.reserveCapacity(count)
        typeIDs.reserveCapacity(count)
        specialTokensMask.reserveCapacity(count)
        sequenceIDs.reserveCapacity(count)
        if collectsOffsets { offsets.reserveCapacity(count) }
    }

    fileprivate mutating func append(
        special newIDs: [Int32],
        typeID: Int32,
        isSpecial: Bool,
        offsets collectsOffsets: Bool
    ) {
        ids.append(contentsOf: newIDs)
        typeIDs.append(typeID, count: newIDs.count)
        specialTokensMask.append(isSpecial, count: newIDs.count)
        sequenceIDs.append(-1, count: newIDs.count)
        if collectsOffsets { offsets.append(0..<0, count: newIDs.count) }
    }

    fileprivate mutating func append(
        _ tokens: TokenSequence,
        _ kept: Range<Int>,
        typeID: Int32,
        sequenceID: Int8,
        offsets collectsOffsets: Bool
    ) {
        ids.append(contentsOf: tokens.ids[kept])
        typeIDs.append(typeID, count: kept.count)
        specialTokensMask.append(false, count: kept.count)
        sequenceIDs.append(sequenceID, count: kept.count)
        if collectsOffsets { offsets.append(contentsOf: tokens.offsets[kept]) }
    }
}

extension Array {
    /// Appends an element several times.
    @inline(__always)
    fileprivate mutating func append(_ element: Element, count: Int) {
        append(addingCapacity: count) { $0.append(repeating: element, count: count) }
    }
}
