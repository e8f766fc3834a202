import ModelFiles

/// The tokens that are found in the text itself, and which of all tokens are special.
struct AddedTokens: Sendable {
    /// The tokens that are searched in the text as it was given.
    private(set) var verbatim = AddedTokenMatcher()
    /// The tokens that are searched in the normalized text.
    private(set) var normalized = AddedTokenMatcher()
    /// The ids of special tokens.
    private(set) var specialIDs: Set<Int32> = []
    /// The normalized texts of the tokens that are searched in normalized text. These tokens are shown so.
    private(set) var normalizedTexts: [Int32: [UInt8]] = [:]
    /// The ids that decoding leaves out when it leaves out special tokens: the tokens whose shown text is that of a
    /// special token. (As in `tokenizers`, a special token that normalization changes is not left out.)
    private(set) var skippedIDs: Set<Int32> = []

    /// - Parameters:
    ///   - tokens: with their ids, in the order in which they were added.
    ///   - normalizer: what is done to the text, and so to those tokens that are found in normalized text.
    ///   - path: the file they come from, for errors.
    init(_ tokens: [(token: AddedToken, id: Int32)], normalizer: Normalizer, path: String) throws(ModelError) {
        let specialContents = Set(tokens.filter(\.token.isSpecial).map { Array($0.token.content.utf8) })
        for (token, id) in tokens {
            if token.isSpecial { specialIDs.insert(id) }
            let content = Array(token.content.utf8)
            guard content.count <= AddedTokenMatcher.maximumTokenBytes else {
                throw .wrongValue(
                    file: path,
                    key: "added_tokens",
                    found: "a token of \(content.count) bytes",
                    expected: "tokens of at most \(AddedTokenMatcher.maximumTokenBytes) bytes"
                )
            }
            let isNew: Bool
            if token.isNormalized {
                var pattern = NormalizedText()
                normalizer.normalize(content.span, 0..<content.count, into: &pattern)
                isNew = normalized.insert(token, id: id, pattern: pattern.bytes)
                normalizedTexts[id] = pattern.bytes
            } else {
                isNew = verbatim.insert(token, id: id, pattern: content)
            }
            if specialContents.contains(normalizedTexts[id] ?? content) { skippedIDs.insert(id) }
            guard isNew else {
                throw .duplicateToken(
                    file: path,
                    token: token.content,
                    detail: "another added token is the same once normalized"
                )
            }
        }
    }
}
