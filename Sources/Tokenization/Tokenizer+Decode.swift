extension Tokenizer {
    /// The text of token ids, as Hugging Face's WordPiece decoder writes it: pieces joined, other tokens set apart by
    /// spaces, and the spaces taken out that English doesn't write.
    ///
    /// - Throws: ``TokenizerError/unknownTokenID(_:vocabularySize:)``.
    package func decode(_ ids: [Int32], skipSpecialTokens: Bool = true) throws(TokenizerError) -> String {
        var tokens: [[UInt8]] = []
        for id in ids {
            guard let token = tokenText(id) else {
                throw .unknownTokenID(id, vocabularySize: vocabularySize)
            }
            if !skipSpecialTokens || !addedTokens.skippedIDs.contains(id) { tokens.append(token) }
        }
        return joined(tokens)
    }

    /// The text of tokens or words, put together in the same way.
    package func joined(_ tokens: [String]) -> String {
        joined(tokens.map { Array($0.utf8) })
    }

    private func joined(_ tokens: [[UInt8]]) -> String {
        guard let decoder else {
            return String(decoding: Array(tokens.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
        }
        var text: [UInt8] = []
        for (index, token) in tokens.enumerated() { decoder.append(token, isFirst: index == 0, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }
}
