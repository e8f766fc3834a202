/// Splits a word into pieces of the vocabulary: always the longest that fits, from left to right.
///
/// As `tokenizers::models::WordPiece`: a word of which any part fits no piece, or that is too long, is one [UNK].
struct WordPiece: Sendable {
    /// The most scalars a word may have where no file says otherwise: that of BERT's own tokenizer.
    static let defaultMaximumWordLength = 100

    /// The id of the token for a word that can't be split.
    let unknownID: Int32
    /// The most scalars a word may have.
    let maximumWordLength: Int
    /// `##`.
    let continuingPrefix: [UInt8]
    /// The pieces that a word may begin with: every token.
    private var initialPieces = ByteTrie()
    /// The pieces that a word may go on with: the tokens with the prefix (`##`), without it.
    private var continuingPieces = ByteTrie()

    /// - Parameters:
    ///   - vocabulary: the model's tokens, without those added to it.
    ///   - unknownToken: [UNK].
    ///   - continuingPrefix: `##`.
    ///   - path: the file that they come from, for errors.
    init(
        vocabulary: Vocabulary,
        unknownToken: String,
        continuingPrefix: String,
        maximumWordLength: Int,
        path: String
    ) throws(TokenizerError) {
        guard let unknownID = vocabulary.id(unknownToken) else {
            throw .missingToken(path: path, token: unknownToken, role: "the unknown token")
        }
        self.unknownID = unknownID
        self.maximumWordLength = maximumWordLength
        let prefix = Array(continuingPrefix.utf8)
        self.continuingPrefix = prefix
        for (id, token) in vocabulary.entries {
            var fits = initialPieces.insert(token, id: id)
            if token.starts(with: prefix) {
                fits = continuingPieces.insert(token.dropFirst(prefix.count), id: id) && fits
            }
            guard fits else {
                throw .malformedFile(
                    path: path,
                    reason: "the vocabulary's tokens are more than \(ByteTrie.maximumNodes) bytes"
                )
            }
        }
    }

    /// Appends the tokens of the word `bytes[start..<end]`, with offsets into `bytes`.
    ///
    /// - Parameter folding: what each byte is replaced by before it is compared: lower case for ASCII that hasn't been
    ///   normalized, and nothing else for bytes that have been.
    @inline(__always)
    func tokenize(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int,
        folding: Span<UInt8>,
        into tokens: inout TokenSequence
    ) {
        if end - start > maximumWordLength && isTooLong(bytes, from: start, to: end) {
            tokens.append(unknownID, from: start, to: end)
            return
        }
        guard let first = initialPieces.longestPrefix(of: bytes, from: start, to: end, folding: folding) else {
            tokens.append(unknownID, from: start, to: end)
            return
        }
        tokens.append(first.id, from: start, to: first.end)
        if first.end < end {
            tokenizeRest(bytes, wordStart: start, from: first.end, to: end, folding: folding, into: &tokens)
        }
    }

    private func tokenizeRest(
        _ bytes: Span<UInt8>,
        wordStart: Int,
        from start: Int,
        to end: Int,
        folding: Span<UInt8>,
        into tokens: inout TokenSequence
    ) {
        let countBefore = tokens.count - 1
        var position = start
        while position < end {
            guard let piece = continuingPieces.longestPrefix(of: bytes, from: position, to: end, folding: folding)
            else {
                tokens.truncate(to: countBefore)
                tokens.append(unknownID, from: wordStart, to: end)
                return
            }
            tokens.append(piece.id, from: position, to: piece.end)
            position = piece.end
        }
    }

    /// Whether a word has more scalars than a word may have; looks no farther than that.
    private func isTooLong(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        var scalars = 0
        var position = start
        while position < end && scalars <= maximumWordLength {
            if !UTF8Bytes.isContinuation(bytes[position]) { scalars += 1 }
            position += 1
        }
        return scalars > maximumWordLength
    }
}
