/// A text with its tokens, once there are any: what many pairs have in common is so tokenized once.
package struct TokenizedText: Sendable {
    /// The text.
    package let text: String
    /// Its tokens, before truncation; nil until it has been encoded.
    var tokens: TokenSequence?

    /// A text that has not been tokenized yet.
    package init(_ text: String) {
        self.text = text
    }
}
