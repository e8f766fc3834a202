import ModelFiles

/// Splits a word into pieces of the vocabulary, from left to right, and always takes the longest piece that fits.
///
/// Like `tokenizers::models::WordPiece`, it makes one [UNK] of a word that is too long or cannot be split wholly.
struct WordPiece: Sendable {
    /// The most scalars of a word if no file says otherwise: the default of BERT's own tokenizer.
    static let defaultMaximumWordLength = 100

    /// The id of the token for a word that cannot be split; ``noUnknownID`` if there is no such token.
    let unknownID: Int32
    /// The id that a word gets which would need an unknown token that the vocabulary does not have. No token has it.
    static let noUnknownID: Int32 = -1
    /// The most scalars of a word.
    let maximumWordLength: Int
    /// The prefix of pieces that continue a word: `##`.
    let continuingPrefix: [UInt8]
    /// The tokens. Most words are one as a whole, and are found here.
    private let vocabulary: Vocabulary
    /// The pieces with which another word may begin: every token.
    private var initialPieces = ByteTrie()
    /// The pieces that may continue a word: the tokens with the prefix, without that prefix.
    private var continuingPieces = ByteTrie()

    /// - Parameters:
    ///   - vocabulary: the model's tokens, without those added to it.
    ///   - unknownID: the id of [UNK], which may be an added token; nil if there is none.
    ///   - continuingPrefix: `##`.
    ///   - path: the file that they come from, for errors.
    init(
        vocabulary: Vocabulary,
        unknownID: Int32?,
        continuingPrefix: String,
        maximumWordLength: Int,
        path: String
    ) throws(ModelError) {
        self.unknownID = unknownID ?? Self.noUnknownID
        self.maximumWordLength = maximumWordLength
        let prefix = Array(continuingPrefix.utf8)
        self.continuingPrefix = prefix
        self.vocabulary = vocabulary
        for (id, token) in vocabulary.entries {
            var fits = initialPieces.insert(token, id: id)
            if token.starts(with: prefix) {
                fits = continuingPieces.insert(token.dropFirst(prefix.count), id: id) && fits
            }
            guard fits else {
                let (what, limit) = ("the vocabulary's tokens", ByteTrie.maximumNodes)
                throw .limitExceeded(file: path, what: what, found: "more bytes", limit: limit)
            }
        }
    }

    /// Appends the tokens of the word `bytes[start..<end]`, with offsets into `bytes`.
    ///
    /// - Parameter folding: The replacement of each byte before it is compared: lower case for ASCII that has not been
    ///   normalized, the byte itself for text that has been.
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
        if let id = vocabulary.id(bytes.extracting(start..<end), folding: folding) {
            tokens.append(id, from: start, to: end)
            return
        }
        guard let first = initialPieces.longestPrefix(of: bytes, from: start, to: end, folding: folding) else {
            tokens.append(unknownID, from: start, to: end)
            return
        }
        tokens.append(first.id, from: start, to: first.end)
        tokenizeRest(bytes, wordStart: start, from: first.end, to: end, folding: folding, into: &tokens)
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

    /// Whether a word has too many scalars. It stops counting at the limit.
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
