/// Splits at white space, and makes a word of its own of each punctuation character: `BertPreTokenizer`.
struct PreTokenizer {
    /// The next word of normalized text at or after `position`; nil at the end.
    ///
    /// - Returns: the word's range; `bytes` need not be copied.
    static func nextWord(in bytes: Span<UInt8>, from position: Int, to end: Int) -> Range<Int>? {
        var start = position
        while start < end {
            let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: start)
            let properties = ScalarProperties(of: scalar)
            if properties.contains(.whiteSpace) {
                start += length
            } else if properties.contains(.punctuation) {
                return start..<start + length
            } else {
                return start..<endOfWord(in: bytes, from: start + length, to: end)
            }
        }
        return nil
    }

    private static func endOfWord(in bytes: Span<UInt8>, from position: Int, to end: Int) -> Int {
        var position = position
        while position < end {
            let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
            if !ScalarProperties(of: scalar).isDisjoint(with: [.whiteSpace, .punctuation]) { break }
            position += length
        }
        return position
    }
}
