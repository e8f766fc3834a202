/// The tokens that are found in the text itself, and which of all tokens are special.
struct AddedTokens: Sendable {
    /// Those to be found in the text as it was given.
    private(set) var verbatim = AddedTokenMatcher()
    /// Those to be found in the normalized text.
    private(set) var normalized = AddedTokenMatcher()
    /// The ids of special tokens.
    private(set) var specialIDs: Set<Int32> = []
    /// What the tokens to be found in normalized text are shown as: their normalized text.
    private(set) var normalizedTexts: [Int32: [UInt8]] = [:]
    /// The ids that decoding leaves out when it leaves out special tokens: those whose text, as it is shown, is that
    /// of a special token. (A special token that normalization changes is kept; so it is in `tokenizers`.)
    private(set) var skippedIDs: Set<Int32> = []

    /// - Parameters:
    ///   - tokens: with their ids, in the order in which they were added.
    ///   - normalizer: what is done to the text, and so to those tokens that are found in normalized text.
    ///   - path: the file they come from, for errors.
    init(_ tokens: [(token: AddedToken, id: Int32)], normalizer: Normalizer, path: String) throws(TokenizerError) {
        let specialContents = Set(tokens.filter(\.token.isSpecial).map { Array($0.token.content.utf8) })
        for (token, id) in tokens {
            if token.isSpecial { specialIDs.insert(id) }
            let content = Array(token.content.utf8)
            guard content.count <= AddedTokenMatcher.maximumTokenBytes else {
                throw .unsupported(
                    path: path,
                    key: "added_tokens",
                    found: "a token of \(content.count) bytes",
                    supported: "tokens of at most \(AddedTokenMatcher.maximumTokenBytes) bytes"
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
                    path: path,
                    token: token.content,
                    detail: "another added token is the same once normalized"
                )
            }
        }
    }
}
