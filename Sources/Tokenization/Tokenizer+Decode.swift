extension Tokenizer {
    /// The text of token ids, as Hugging Face's WordPiece decoder writes it: pieces joined, other tokens set apart by
    /// spaces, and the spaces taken out that English doesn't write.
    ///
    /// - Throws: ``TokenizerError/unknownTokenID(_:vocabularySize:)``.
    package func decode(_ ids: [Int32], skipSpecialTokens: Bool = true) throws(TokenizerError) -> String {
        var text: [UInt8] = []
        var isFirst = true
        for id in ids {
            guard let token = tokenText(id) else {
                throw .unknownTokenID(id, vocabularySize: vocabularySize)
            }
            if skipSpecialTokens && addedTokens.skippedIDs.contains(id) { continue }
            if let decoder {
                decoder.append(token, isFirst: isFirst, to: &text)
            } else {
                if !isFirst { text.append(UInt8(ascii: " ")) }
                text.append(contentsOf: token)
            }
            isFirst = false
        }
        return String(decoding: text, as: UTF8.self)
    }
}
