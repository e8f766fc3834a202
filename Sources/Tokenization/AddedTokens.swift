/// The tokens that are found in the text itself, and which of all tokens are special.
struct AddedTokens: Sendable {
    /// Those to be found in the text as it was given.
    private(set) var verbatim = AddedTokenMatcher()
    /// Those to be found in the normalized text.
    private(set) var normalized = AddedTokenMatcher()
    /// The ids of special tokens.
    private(set) var specialIDs: Set<Int32> = []

    /// - Parameters:
    ///   - tokens: with their ids, in the order in which they were added.
    ///   - normalizer: what is done to the text, and so to those tokens that are found in normalized text.
    ///   - path: the file they come from, for errors.
    init(_ tokens: [(token: AddedToken, id: Int32)], normalizer: Normalizer, path: String) throws(TokenizerError) {
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
            } else {
                isNew = verbatim.insert(token, id: id, pattern: content)
            }
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
