/// How a text is to be encoded.
package struct EncodingOptions: Sendable, Equatable {
    /// Whether the special tokens ([CLS], [SEP]) are put around the text.
    package var addSpecialTokens: Bool
    /// Where to cut a text that is too long; nil: nowhere.
    package var truncation: Truncation?
    /// Whether ``Encoding/offsets`` are wanted.
    package var collectOffsets: Bool

    /// The whole text between its special tokens, unless said otherwise.
    package init(addSpecialTokens: Bool = true, truncation: Truncation? = nil, collectOffsets: Bool = true) {
        self.addSpecialTokens = addSpecialTokens
        self.truncation = truncation
        self.collectOffsets = collectOffsets
    }
}
