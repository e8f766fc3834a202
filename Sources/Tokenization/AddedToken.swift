/// A token that is found in the text itself, before it is split into words: [MASK], for example.
///
/// The flags are those of Hugging Face's `AddedToken`.
package struct AddedToken: Sendable, Equatable {
    /// The token's text.
    package var content: String
    /// Whether decoding may leave it out.
    package var isSpecial: Bool
    /// Whether it is found only where no word character stands beside it.
    package var singleWord: Bool
    /// Whether white space before it belongs to it.
    package var stripsLeft: Bool
    /// Whether white space after it belongs to it.
    package var stripsRight: Bool
    /// Whether it is looked for, normalized, in the normalized text.
    package var isNormalized: Bool

    /// A token; special ones are looked for in the text as it was given, unless said otherwise.
    package init(
        _ content: String,
        isSpecial: Bool = true,
        singleWord: Bool = false,
        stripsLeft: Bool = false,
        stripsRight: Bool = false,
        isNormalized: Bool? = nil
    ) {
        self.content = content
        self.isSpecial = isSpecial
        self.singleWord = singleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isNormalized = isNormalized ?? !isSpecial
    }
}
