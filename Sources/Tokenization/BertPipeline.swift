/// The parts of BERT's own tokenizer (`BertNormalizer`, `BertPreTokenizer`, `WordPiece`), as one pass over the bytes.
///
/// Nearly all folders have these parts, so they have a way of their own: ASCII is used as it is, and only stretches
/// with other bytes are normalized.
struct BertPipeline: Sendable {
    private let normalizer: BertNormalizer
    private let wordPiece: WordPiece
    private let byteClasses: ByteClasses

    init(normalizer: BertNormalizer, wordPiece: WordPiece) {
        self.normalizer = normalizer
        self.wordPiece = wordPiece
        byteClasses = ByteClasses(normalizer)
    }

    /// The tokens of one text: it finds the added tokens, and splits the text between them into words and pieces. It
    /// breaks off when nobody waits for the tokens any more (``Tokenizer/isAwaited``).
    func tokens(of bytes: Span<UInt8>, addedTokens: AddedTokens) -> TokenSequence {
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
    /// bytes is normalized into `normalized`.
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
                        position = endOfStretch(bytes, from: position, to: range.upperBound)
                        normalized.removeAll()
                        normalizer.normalize(bytes, start..<position, into: &normalized)
                        tokenize(normalized, 0..<normalized.bytes.count, into: &tokens)
                    }
                }
            }
        }
    }

    /// The index of the next byte that is not of the class `word`.
    private func endOfWord(_ bytes: Span<UInt8>, from position: Int, to end: Int) -> Int {
        nextPlace(bytes, from: position, to: end) { $0 != .word }
    }

    /// The index of the next ASCII white space or punctuation. No scalar before it can combine with one after it.
    private func endOfStretch(_ bytes: Span<UInt8>, from position: Int, to end: Int) -> Int {
        nextPlace(bytes, from: position, to: end) { $0 == .whiteSpace || $0 == .punctuation }
    }

    /// The index of the next byte of a class for which `isWanted` is true; `end` if there is none, or if nobody waits
    /// for the tokens any more.
    @inline(__always)
    private func nextPlace(
        _ bytes: Span<UInt8>,
        from position: Int,
        to end: Int,
        where isWanted: (ByteClass) -> Bool
    ) -> Int {
        let classes = byteClasses.classes.span
        var position = position
        while position < end {
            let pause = min(end, position + Tokenizer.bytesBetweenQuestions)
            while position < pause {
                if isWanted(classes[Int(bytes[position])]) { return position }
                position += 1
            }
            guard position == end || Tokenizer.isAwaited() else { return end }
        }
        return end
    }

    /// Appends the tokens of a part of normalized text.
    private func tokenize(_ normalized: borrowing NormalizedText, _ range: Range<Int>, into tokens: inout TokenSequence)
    {
        let firstToken = tokens.count
        let bytes = normalized.bytes.span
        let identity = byteClasses.identity.span
        var position = range.lowerBound
        var pause = position + Tokenizer.bytesBetweenQuestions
        while let word = BertPreTokenizer.nextWord(in: bytes, from: position, to: range.upperBound) {
            wordPiece.tokenize(bytes, from: word.lowerBound, to: word.upperBound, folding: identity, into: &tokens)
            position = word.upperBound
            if position >= pause {
                guard Tokenizer.isAwaited() else { break }
                pause = position + Tokenizer.bytesBetweenQuestions
            }
        }
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
        addedTokens: AddedTokens,
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
