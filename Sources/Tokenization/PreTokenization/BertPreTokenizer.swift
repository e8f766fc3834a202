/// Splits text at white space, and makes each punctuation character a word of its own: `BertPreTokenizer`.
enum BertPreTokenizer {
    /// The range of the next word at or after `position`; nil at the end, or if nobody waits for the words any more.
    ///
    /// - Parameter lone: The scalars that are words of their own.
    static func nextWord(
        in bytes: Span<UInt8>,
        from position: Int,
        to end: Int,
        lone: ScalarProperties = .punctuation
    ) -> Range<Int>? {
        var start = position
        while start < end {
            let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: start)
            let properties = ScalarProperties(of: scalar)
            if properties.contains(.whiteSpace) {
                start += length
                if (start - position) % Tokenizer.bytesBetweenQuestions == 0, !Tokenizer.isAwaited() { return nil }
            } else if !properties.isDisjoint(with: lone) {
                return start..<start + length
            } else {
                return start..<endOfWord(in: bytes, from: start + length, to: end, before: lone.union(.whiteSpace))
            }
        }
        return nil
    }

    private static func endOfWord(
        in bytes: Span<UInt8>,
        from position: Int,
        to end: Int,
        before limits: ScalarProperties
    ) -> Int {
        var position = position
        while position < end {
            let pause = min(end, position + Tokenizer.bytesBetweenQuestions)
            while position < pause {
                let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
                if !ScalarProperties(of: scalar).isDisjoint(with: limits) { return position }
                position += length
            }
            if position < end, !Tokenizer.isAwaited() { return end }
        }
        return position
    }
}

/// The class of a byte of text that has not been normalized. With it ASCII needs no normalization.
enum ByteClass: UInt8, Sendable {
    /// The byte is part of a word, once folded.
    case word
    /// The byte is white space.
    case whiteSpace
    /// The byte is a word of its own.
    case punctuation
    /// The byte is not ASCII, or normalization drops it: the text must be normalized.
    case other
}

/// The class and the folding of every byte under a normalizer.
struct ByteClasses: Sendable {
    /// The class of each byte.
    let classes: [ByteClass]
    /// The folding of each byte: ASCII letters become lower case if the normalizer does that, other bytes stay.
    let folding: [UInt8]
    /// The folding of text that has been normalized: every byte stays.
    let identity: [UInt8]

    init(_ normalizer: BertNormalizer) {
        identity = UTF8Bytes.identity
        classes = identity.map { byte in
            guard byte < 0x80 else { return .other }
            let properties = ScalarProperties(of: UInt32(byte))
            if normalizer.cleanText && properties.contains(.removedByCleaning) { return .other }
            if properties.contains(.whiteSpace) { return .whiteSpace }
            return properties.contains(.punctuation) ? .punctuation : .word
        }
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        folding = identity.map { normalizer.lowercase && capitals.contains($0) ? $0 | 0x20 : $0 }
    }
}
