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
        // Every pattern begins with a space, which few pieces have but the one put before them.
        if cleansUp, piece.contains(UInt8(ascii: " ")) {
            for (from, to) in Self.replacements { Self.replace(from, with: to, in: &piece) }
        }
        text.append(contentsOf: piece)
    }

    /// Replaces every occurrence of `pattern`, from left to right.
    private static func replace(_ pattern: [UInt8], with replacement: [UInt8], in piece: inout [UInt8]) {
        func occurs(at place: Int) -> Bool {
            guard place + pattern.count <= piece.count else { return false }
            for offset in pattern.indices where piece[place + offset] != pattern[offset] { return false }
            return true
        }
        guard var place = piece.indices.first(where: occurs) else { return }
        var result = Array(piece[..<place])
        while place < piece.count {
            if occurs(at: place) {
                result += replacement
                place += pattern.count
            } else {
                result.append(piece[place])
                place += 1
            }
        }
        piece = result
    }
}
