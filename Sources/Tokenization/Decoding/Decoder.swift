/// How tokens become text: the section `decoder` of a tokenizer.json.
enum Decoder: Sendable {
    /// Without a decoder: the tokens with a space between each two.
    case spaces
    /// The steps of a `Sequence`, or the only step.
    case steps([DecodingStep])

    /// The text of tokens.
    func text(_ tokens: [[UInt8]]) throws(TokenizerError) -> [UInt8] {
        switch self {
        case .spaces: return Array(tokens.joined(separator: [UInt8(ascii: " ")]))
        case .steps(let steps):
            var tokens = tokens
            for step in steps { tokens = try step.apply(to: tokens) }
            return Array(tokens.joined())
        }
    }
}

/// A step of decoding, with its name in `tokenizers`: it makes tokens of tokens, which are joined at the end.
enum DecodingStep: Sendable {
    /// `WordPiece`: pieces are joined, other tokens are separated by spaces.
    case wordPiece(WordPieceDecoder)
    /// `Fuse`: all tokens become one.
    case fuse
    /// `Strip`: a scalar is removed from both ends of each token, so often at most.
    case strip(UInt32, start: Int, end: Int)
    /// `Replace`: each match in a token is replaced by the content.
    case replace(Pattern, content: [UInt8])

    fileprivate func apply(to tokens: [[UInt8]]) throws(TokenizerError) -> [[UInt8]] {
        switch self {
        case .wordPiece(let decoder):
            return try Self.each(tokens) { token, isFirst in decoder.decode(token, isFirst: isFirst) }
        case .fuse:
            return [Array(tokens.joined())]
        case .strip(let scalar, let start, let end):
            return try Self.each(tokens) { token, _ in Self.strip(scalar, from: token, start: start, end: end) }
        case .replace(let pattern, let content):
            return try Self.each(tokens) { token, _ throws(TokenizerError) in
                var text = NormalizedText(token.span, 0..<token.count)
                text.replace(try pattern.matches(in: token.span, 0..<token.count), with: content)
                return text.bytes
            }
        }
    }

    /// What becomes of each token. `decode` gets the token, and whether it is the first.
    private static func each(
        _ tokens: [[UInt8]],
        _ decode: ([UInt8], Bool) throws(TokenizerError) -> [UInt8]
    ) throws(TokenizerError) -> [[UInt8]] {
        var decoded: [[UInt8]] = []
        decoded.reserveCapacity(tokens.count)
        var patience = Patience()
        for token in tokens {
            guard patience.lasts() else { throw .abandoned }
            decoded.append(try decode(token, decoded.isEmpty))
        }
        return decoded
    }

    private static func strip(_ scalar: UInt32, from token: [UInt8], start: Int, end: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        UTF8Bytes.encode(scalar) { bytes.append($0) }
        var rest = token[...]
        for _ in 0..<min(start, token.count) where rest.starts(with: bytes) { rest.removeFirst(bytes.count) }
        for _ in 0..<min(end, token.count) where rest.suffix(bytes.count).elementsEqual(bytes) {
            rest.removeLast(bytes.count)
        }
        return Array(rest)
    }
}

/// Joins tokens into text, like `tokenizers::decoders::WordPiece`.
struct WordPieceDecoder: Sendable, Equatable {
    /// The prefix of a piece that continues a word: `##`.
    var prefix: [UInt8]
    /// Whether to remove the spaces that are not written in English.
    var cleansUp: Bool

    /// The text of a token.
    func decode(_ token: [UInt8], isFirst: Bool) -> [UInt8] {
        var piece = token
        if !isFirst {
            if token.starts(with: prefix) {
                piece.removeFirst(prefix.count)
            } else {
                piece.insert(UInt8(ascii: " "), at: 0)
            }
        }
        // Few pieces have a space except for the one put before them.
        if cleansUp, piece.contains(UInt8(ascii: " ")) { EnglishSpaces.removeInToken(&piece) }
        return piece
    }
}

/// The spaces that English does not write, before punctuation and in short forms.
enum EnglishSpaces {
    private static func bytes(_ replacements: [(String, String)]) -> [(from: [UInt8], to: [UInt8])] {
        replacements.map { (Array($0.utf8), Array($1.utf8)) }
    }

    private static let punctuation = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    ]
    private static let shortForms = [(" 's", "'s"), (" 've", "'ve"), (" 're", "'re")]
    private static let inText = bytes(punctuation + shortForms)
    /// The strange replacement of "do not" is in the original too.
    private static let inToken = bytes(punctuation + [(" do not", " don't")] + shortForms)

    /// Removes them in a token, as the decoder `WordPiece` does.
    fileprivate static func removeInToken(_ token: inout [UInt8]) {
        for (from, to) in inToken { replace(from, with: to, in: &token) }
    }

    /// Removes them in a whole text, as transformers' `clean_up_tokenization` does.
    static func remove(_ text: inout [UInt8]) {
        for (from, to) in inText { replace(from, with: to, in: &text) }
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
