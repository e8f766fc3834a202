/// A text, alone or behind another one, that is divided into windows which the model takes one at a time.
///
/// As `tokenizers` divides a text with `stride` and `return_overflowing_tokens`, and the second of a pair by
/// `only_second`; but a window's encoding is made only when it is asked for.
package struct TokenWindows: Sendable {
    /// Tokens of the divided text that a window has room for; less than 1 where the rest takes all there is.
    package let room: Int
    /// Tokens of the text before it that were cut.
    package let truncatedTokenCount: Int

    private let leading: TokenSequence?
    private let divided: TokenSequence
    private let template: SequenceTemplate
    /// For each token of the divided text, whether it goes on with the word of the one before.
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
        template = tokenizer.template
        let specialTokens = tokenizer.template.specialTokenCount(isPair: leading != nil)
        room = maxLength - specialTokens - (leading?.count ?? 0)
        continuesWord = divided.ids.map(tokenizer.continuesWord)
    }

    /// The number of tokens of the text before the divided one.
    package var leadingCount: Int { leading?.count ?? 0 }

    /// Whether the divided text has room in one window.
    package var fitsOneWindow: Bool { divided.count <= room }

    /// The windows as ranges of the divided text's tokens: each as long as there is room for, but the last.
    ///
    /// - Parameter overlap: how many tokens a window shares with the one before it.
    /// - Precondition: 0 ≤ `overlap` < ``room``.
    package func windows(overlap: Int) -> [Range<Int>] {
        precondition(overlap >= 0 && overlap < room, "windows that get nowhere")
        var windows: [Range<Int>] = []
        var start = 0
        repeat {
            windows.append(start..<min(start + room, divided.count))
            start += room - overlap
        } while windows[windows.count - 1].upperBound < divided.count
        return windows
    }

    /// What the model takes of a window: the text before, and this part of the divided one, between special tokens.
    package func encoding(of window: Range<Int>, collectOffsets: Bool) -> Encoding {
        let options = EncodingOptions(collectOffsets: collectOffsets)
        guard let leading else {
            return template.assemble(divided, nil, kept: (window, 0..<0), options: options)
        }
        return template.assemble(leading, divided, kept: (0..<leading.count, window), options: options)
    }

    /// Where tokens of the divided text stand in it: UTF-8 bytes.
    ///
    /// - Parameter window: nil for the tokens themselves; else for the words they belong to, as far as those lie in it.
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
    ///   - leading: a text that stands before the divided one in every window, as its pair.
    ///   - maxLength: the most tokens of a window, special tokens included.
    ///   - maxLeadingLength: the most tokens of the text before; more are cut from its end.
    package func windows(
        dividing text: String,
        behind leading: String? = nil,
        maxLength: Int,
        maxLeadingLength: Int = .max
    ) throws(TokenizerError) -> TokenWindows {
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

    /// Whether a token goes on with a word that another one has begun.
    func continuesWord(_ id: Int32) -> Bool {
        vocabulary.token(id)?.starts(with: wordPiece.continuingPrefix) ?? false
    }
}
