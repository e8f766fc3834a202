/// Joins tokens into text: `tokenizers::decoders::WordPiece`.
struct WordPieceDecoder: Sendable, Equatable {
    /// The prefix of a piece that goes on with a word: `##`.
    var prefix: [UInt8]
    /// Whether the spaces that English doesn't write are taken out.
    var cleansUp: Bool

    /// What is taken out of each token, in this order; the odd one of "do not" is the original's.
    private static let replacements: [(from: [UInt8], to: [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.utf8), Array($1.utf8)) }

    /// Appends a token to a text.
    func append(_ token: [UInt8], isFirst: Bool, to text: inout [UInt8]) {
        var piece = token
        if !isFirst {
            if token.starts(with: prefix) {
                piece.removeFirst(prefix.count)
            } else {
                piece.insert(UInt8(ascii: " "), at: 0)
            }
        }
        if cleansUp {
            // Every pattern but one needs its space at the beginning of a piece, or within an added token.
            for (from, to) in Self.replacements where piece.count >= from.count {
                piece = piece.replacing(from, with: to)
            }
        }
        text.append(contentsOf: piece)
    }
}
