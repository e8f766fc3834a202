/// A text that is divided into windows for the model, alone or after another text.
///
/// `tokenizers` divides a text in the same way with `stride` and `return_overflowing_tokens`, and the second text of a
/// pair with `only_second`. Here the encoding of a window is made only when it is needed.
package struct TokenWindows: Sendable {
    /// The tokens of the divided text that fit into a window; less than 1 if the other tokens take up all of it.
    package let capacity: Int
    /// The number of tokens that were cut from the text before the divided one.
    package let truncatedTokenCount: Int

    private let leading: TokenSequence?
    private let divided: TokenSequence
    private let template: SequenceTemplate
    /// For each token of the divided text, whether it continues the word of the token before it.
    private let continuesWord: [Bool]

    init(
        dividing divided: TokenSequence,
        behind leading: TokenSequence?,
        truncatedTokenCount: Int,
        maxLength: Int,
        tokenizer: Tokenizer
    ) {
        self.leading = leading
        self.divided = divided
        self.truncatedTokenCount = truncatedTokenCount
        template = tokenizer.modelTemplate
        let specialTokens = tokenizer.postProcessor.specialTokenCount(isPair: leading != nil)
        capacity = maxLength - specialTokens - (leading?.count ?? 0)
        continuesWord = divided.ids.map(tokenizer.continuesWord)
    }

    /// The number of tokens of the text before the divided one.
    package var leadingCount: Int { leading?.count ?? 0 }

    /// Whether the divided text fits into one window.
    package var fitsOneWindow: Bool { divided.count <= capacity }

    /// The windows as ranges of the divided text's tokens. All have the full length except for the last.
    ///
    /// - Parameter overlap: The number of tokens that a window shares with the one before it.
    /// - Precondition: 0 ≤ `overlap` < ``capacity``.
    package func windows(overlap: Int) -> [Range<Int>] {
        precondition(overlap >= 0 && overlap < capacity, "windows that get nowhere")
        var windows: [Range<Int>] = []
        var start = 0
        repeat {
            windows.append(start..<min(start + capacity, divided.count))
            start += capacity - overlap
        } while windows[windows.count - 1].upperBound < divided.count
        return windows
    }

    /// The encoding of a window for the model: the text before and this part of the divided text, between special
    /// tokens.
    package func encoding(of window: Range<Int>, collectOffsets: Bool) -> Encoding {
        let options = EncodingOptions(collectOffsets: collectOffsets)
        guard let leading else {
            return template.assemble(divided, nil, kept: (window, 0..<0), options: options)
        }
        return template.assemble(leading, divided, kept: (0..<leading.count, window), options: options)
    }

    /// The range of UTF-8 bytes of tokens in the divided text.
    ///
    /// - Parameter window: If not nil, the range is that of the tokens' whole words, as far as they are in this window.
    package func bytes(of tokens: ClosedRange<Int>, wholeWordsIn window: Range<Int>?) -> Range<Int32> {
        var (first, last) = (tokens.lowerBound, tokens.upperBound)
        if let window {
            while first > window.lowerBound, continuesWord[first] { first -= 1 }
            while last + 1 < window.upperBound, continuesWord[last + 1] { last += 1 }
        }
        return divided.offsets[first].lowerBound..<divided.offsets[last].upperBound
    }
}

extension Tokenizer {
    /// Divides a text into windows.
    ///
    /// - Parameters:
    ///   - leading: A text that comes before the divided one in every window, as the first of a pair.
    ///   - maxLength: The most tokens of a window, special tokens included.
    ///   - maxLeadingLength: The most tokens of the leading text. Further tokens are cut from its end.
    package func windows(
        dividing text: String,
        behind leading: String? = nil,
        maxLength: Int,
        maxLeadingLength: Int = .max
    ) throws(TokenizerError) -> TokenWindows {
        guard leading == nil || postProcessor.takesPairs else { throw .noPairs }
        var first: TokenSequence?
        var truncated = 0
        if let leading {
            var tokens = try tokenize(leading)
            truncated = max(0, tokens.count - maxLeadingLength)
            tokens.truncate(to: tokens.count - truncated)
            first = tokens
        }
        return TokenWindows(
            dividing: try tokenize(text),
            behind: first,
            truncatedTokenCount: truncated,
            maxLength: maxLength,
            tokenizer: self
        )
    }

    /// Whether a token continues a word that another token has begun.
    func continuesWord(_ id: Int32) -> Bool {
        vocabulary.token(id).map(model.continuesWord) ?? false
    }
}
