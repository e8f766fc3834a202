import Inference
import Tokenization

extension TextModel {
    /// A token of a text.
    public struct Token: Sendable, Equatable {
        /// The token's number in the vocabulary.
        public let id: Int
        /// The token as the vocabulary has it; `##ing` for one that continues a word.
        public let text: String
        /// Where the token stands in its text; nil for special tokens that the model adds, such as [CLS].
        public let range: Range<String.Index>?
    }

    /// The tokens of a text, as Hugging Face's tokenizers make them. The text is not cut, whatever its length.
    ///
    /// - Parameters:
    ///   - text: A text of any length.
    ///   - addSpecialTokens: Whether the model's special tokens, such as [CLS] and [SEP], are put around it.
    public func tokenize(_ text: String, addSpecialTokens: Bool = true) async throws -> [Token] {
        try await run {
            let tokenizer = try service.tokenizer()
            let encoding = try tokenizer.encode(text, options: EncodingOptions(addSpecialTokens: addSpecialTokens))
            let utf8 = text.utf8
            return encoding.ids.indices.map { index in
                let bytes = encoding.offsets[index]
                let start = utf8.index(utf8.startIndex, offsetBy: Int(bytes.lowerBound))
                return Token(
                    id: Int(encoding.ids[index]),
                    text: tokenizer.token(id: encoding.ids[index]) ?? "",
                    range: encoding.specialTokensMask[index] ? nil : start..<utf8.index(start, offsetBy: bytes.count)
                )
            }
        }
    }

    /// The text of token ids.
    ///
    /// - Parameters:
    ///   - ids: Ids of the vocabulary.
    ///   - skipSpecialTokens: Whether special tokens, such as [CLS], are left out.
    public func decode(_ ids: [Int], skipSpecialTokens: Bool = true) async throws -> String {
        try await run {
            let tokenizer = try service.tokenizer()
            let narrow = try ids.map { id in
                guard let narrow = Int32(exactly: id) else {
                    throw SwiftletError(
                        .invalidInput,
                        "no token has the id \(id); the vocabulary's ids are 0 to \(tokenizer.vocabularySize - 1)"
                    )
                }
                return narrow
            }
            return try tokenizer.decode(narrow, skipSpecialTokens: skipSpecialTokens)
        }
    }
}
