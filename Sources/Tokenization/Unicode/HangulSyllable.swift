/// Hangul syllables, which decompose by arithmetic (The Unicode Standard, section 3.12).
enum HangulSyllable {
    /// The first syllable, GA.
    static let first: UInt32 = 0xAC00
    /// The last syllable, HIH.
    static let last: UInt32 = 0xD7A3

    private static let leadingBase: UInt32 = 0x1100
    private static let vowelBase: UInt32 = 0x1161
    private static let trailingBase: UInt32 = 0x11A7
    private static let vowelCount: UInt32 = 21
    private static let trailingCount: UInt32 = 28

    /// Calls `body` with each jamo of a syllable: two, or three where it ends in a consonant.
    static func decompose(_ syllable: UInt32, _ body: (UInt32) -> Void) {
        let index = syllable - first
        body(leadingBase + index / (vowelCount * trailingCount))
        body(vowelBase + index / trailingCount % vowelCount)
        let trailing = index % trailingCount
        if trailing != 0 { body(trailingBase + trailing) }
    }
}
