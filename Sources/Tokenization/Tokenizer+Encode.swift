extension Tokenizer {
    /// The longest text, in bytes of UTF-8. Normalization makes a text at most four times as long (U+1D160 is four
    /// bytes and becomes twelve, an ideograph three and becomes five), and places in it are numbers of 32 bits.
    package static let maximumTextBytes = 1 << 28

    /// Encodes a text, or a pair of texts.
    ///
    /// - Parameters:
    ///   - text: of any length and content, up to ``maximumTextBytes``.
    ///   - pair: a second text, told apart by its segment id.
    /// - Throws: ``TokenizerError/textTooLong(byteCount:)``, or
    ///   ``TokenizerError/truncationTooShort(maxLength:specialTokens:)`` where the special tokens alone are more than
    ///   may come out.
    /// - Complexity: O(text).
    package func encode(
        _ text: String,
        pair: String? = nil,
        options: EncodingOptions = EncodingOptions()
    ) throws(TokenizerError) -> Encoding {
        var text = TokenizedText(text)
        return try encode(&text, pair: pair, options: options)
    }

    /// The same, of a text that comes several times: it is tokenized the first time only.
    package func encode(
        _ text: inout TokenizedText,
        pair: String? = nil,
        options: EncodingOptions = EncodingOptions()
    ) throws(TokenizerError) -> Encoding {
        let specialTokens = options.addSpecialTokens ? template.specialTokenCount(isPair: pair != nil) : 0
        if let truncation = options.truncation, truncation.maxLength < specialTokens {
            throw .truncationTooShort(maxLength: truncation.maxLength, specialTokens: specialTokens)
        }
        let first: TokenSequence
        if let tokens = text.tokens { first = tokens } else { first = try tokenize(text.text) }
        text.tokens = first
        let second = if let pair { try tokenize(pair) } else { TokenSequence?.none }
        var kept = (text: 0..<first.count, pair: 0..<(second?.count ?? 0))
        if let truncation = options.truncation {
            let limit = max(0, truncation.maxLength - specialTokens)
            let lengths = truncation.keptLengths(first.count, second?.count, limit: limit)
            kept.text = truncation.keptRange(of: kept.text.count, kept: lengths.first)
            kept.pair = truncation.keptRange(of: kept.pair.count, kept: lengths.second)
        }
        return template.assemble(first, second, kept: kept, options: options)
    }

    func tokenize(_ text: String) throws(TokenizerError) -> TokenSequence {
        let utf8 = text.utf8Span
        guard utf8.count <= Self.maximumTextBytes else { throw .textTooLong(byteCount: utf8.count) }
        return tokenize(utf8.span)
    }
}
