/// The parts of BERT's own tokenizer (`BertNormalizer`, `BertPreTokenizer`, `WordPiece`), as one pass over the bytes.
///
/// Nearly all folders have these parts, so they have a way of their own: ASCII is used as it is, and only stretches
/// with other bytes are looked at, and normalized if that changes them. It is large, so no text may copy it.
struct BertPipeline: ~Copyable, Sendable {
    private let normalizer: BertNormalizer
    private let wordPiece: WordPiece
    private let byteClasses: ByteClasses
    /// The properties of scalars that normalization changes; ASCII has its classes.
    private let changed: ScalarProperties
    /// The properties of scalars that are words of their own in a text that has not been normalized.
    private let lone: ScalarProperties

    init(normalizer: BertNormalizer, wordPiece: WordPiece) {
        self.normalizer = normalizer
        self.wordPiece = wordPiece
        byteClasses = ByteClasses(normalizer)
        changed = normalizer.changed
        lone = normalizer.handleChineseChars ? [.punctuation, .chinese] : .punctuation
    }

    /// The tokens of one text: it finds the added tokens, and splits the text between them into words and pieces. It
    /// breaks off when nobody waits for the tokens any more (``Tokenizer/isAwaited``).
    func tokens(of bytes: Span<UInt8>, addedTokens: borrowing AddedTokens) -> TokenSequence {
        var tokens = TokenSequence()
        var normalized = NormalizedText()
        tokens.reserveCapacity(bytes.count / Pipeline.bytesPerToken + 1)
        addedTokens.verbatim.forEachPiece(of: bytes, folding: byteClasses.identity.span) { piece in
            if let id = piece.id {
                tokens.append(id, from: piece.range.lowerBound, to: piece.range.upperBound)
            } else if addedTokens.normalized.isEmpty {
                tokenizeSegment(bytes, piece.range, normalized: &normalized, into: &tokens)
            } else {
                tokenizeFindingTokens(
                    bytes,
                    piece.range,
                    normalized: &normalized,
                    addedTokens: addedTokens,
                    into: &tokens
                )
            }
        }
        return tokens
    }

    /// Appends the tokens of a part of the text without added tokens. ASCII is used as it is; each stretch with other
    /// bytes is normalized into `normalized`, unless it stays as it is.
    private func tokenizeSegment(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        normalized: inout NormalizedText,
        into tokens: inout TokenSequence
    ) {
        let classes = byteClasses.classes.span
        let folding = byteClasses.folding.span
        var position = range.lowerBound
        while position < range.upperBound, position == range.lowerBound || Tokenizer.isAwaited() {
            let pause = min(range.upperBound, position + Tokenizer.bytesBetweenQuestions)
            while position < pause {
                let start = position
                switch classes[Int(bytes[position])] {
                case .whiteSpace:
                    position += 1
                case .punctuation:
                    position += 1
                    wordPiece.tokenize(bytes, from: start, to: position, folding: folding, into: &tokens)
                case .word, .other:
                    while position < pause && classes[Int(bytes[position])] == .word { position += 1 }
                    if position == pause { position = endOfWord(bytes, from: position, to: range.upperBound) }
                    if position == range.upperBound || classes[Int(bytes[position])] != .other {
                        wordPiece.tokenize(bytes, from: start, to: position, folding: folding, into: &tokens)
                    } else {
                        let stretch = stretch(bytes, from: position, to: range.upperBound)
                        position = stretch.end
                        if stretch.properties.isDisjoint(with: changed) {
                            tokenizeWords(bytes, start..<position, lone: lone, folding: folding, into: &tokens)
                        } else {
                            normalized.removeAll()
                            normalizer.normalize(bytes, start..<position, into: &normalized)
                            tokenize(normalized, 0..<normalized.bytes.count, into: &tokens)
                        }
                    }
                }
            }
        }
    }

    /// The index of the next byte that is not of the class `word`; `end` if there is none, or if nobody waits for the
    /// tokens any more.
    private func endOfWord(_ bytes: Span<UInt8>, from position: Int, to end: Int) -> Int {
        let classes = byteClasses.classes.span
        var position = position
        while position < end {
            let pause = min(end, position + Tokenizer.bytesBetweenQuestions)
            while position < pause {
                if classes[Int(bytes[position])] != .word { return position }
                position += 1
            }
            guard position == end || Tokenizer.isAwaited() else { return end }
        }
        return end
    }

    /// A stretch goes on to the next ASCII white space or punctuation: no scalar before it can combine with one after
    /// it. It ends at `end` if there is none, or if nobody waits for the tokens any more.
    ///
    /// - Returns: the stretch's end, and the properties of all its scalars but those of ASCII that stay or are folded.
    private func stretch(
        _ bytes: Span<UInt8>,
        from position: Int,
        to end: Int
    ) -> (end: Int, properties: ScalarProperties) {
        let classes = byteClasses.classes.span
        var (position, properties) = (position, ScalarProperties())
        while position < end {
            let pause = min(end, position + Tokenizer.bytesBetweenQuestions)
            while position < pause {
                switch classes[Int(bytes[position])] {
                case .whiteSpace, .punctuation: return (position, properties)
                case .word: position += 1
                case .other:
                    let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
                    properties.formUnion(ScalarProperties(of: scalar))
                    position += length
                }
            }
            guard position == end || Tokenizer.isAwaited() else { return (end, properties) }
        }
        return (end, properties)
    }

    /// Appends the tokens of all words of a text that is not normalized any further.
    private func tokenizeWords(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        lone: ScalarProperties,
        folding: Span<UInt8>,
        into tokens: inout TokenSequence
    ) {
        var position = range.lowerBound
        var pause = position + Tokenizer.bytesBetweenQuestions
        while let word = BertPreTokenizer.nextWord(in: bytes, from: position, to: range.upperBound, lone: lone) {
            wordPiece.tokenize(bytes, from: word.lowerBound, to: word.upperBound, folding: folding, into: &tokens)
            position = word.upperBound
            if position >= pause {
                guard Tokenizer.isAwaited() else { break }
                pause = position + Tokenizer.bytesBetweenQuestions
            }
        }
    }

    /// Appends the tokens of a part of normalized text.
    private func tokenize(_ normalized: borrowing NormalizedText, _ range: Range<Int>, into tokens: inout TokenSequence)
    {
        let firstToken = tokens.count
        let identity = byteClasses.identity.span
        tokenizeWords(normalized.bytes.span, range, lone: .punctuation, folding: identity, into: &tokens)
        var index = firstToken
        while index < tokens.count {
            let pause = min(tokens.count, index + Tokenizer.bytesBetweenQuestions)
            while index < pause {
                tokens.offsets[index] = normalized.original(tokens.offsets[index])
                index += 1
            }
            if index < tokens.count, !Tokenizer.isAwaited() { break }
        }
    }

    /// Appends the tokens of a part of the text in which added tokens are searched after normalization.
    private func tokenizeFindingTokens(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        normalized: inout NormalizedText,
        addedTokens: borrowing AddedTokens,
        into tokens: inout TokenSequence
    ) {
        normalized.removeAll()
        normalizer.normalize(bytes, range, into: &normalized)
        addedTokens.normalized.forEachPiece(of: normalized.bytes.span, folding: byteClasses.identity.span) { piece in
            if let id = piece.id {
                let start = Int32(truncatingIfNeeded: piece.range.lowerBound)
                let origin = normalized.original(start..<Int32(truncatingIfNeeded: piece.range.upperBound))
                tokens.append(id, from: Int(origin.lowerBound), to: Int(origin.upperBound))
            } else {
                tokenize(normalized, piece.range, into: &tokens)
            }
        }
    }
}
