import JSON

/// Finds added tokens in a text: the leftmost first, and the longest of several that begin at the same place.
///
/// It does the same as `AddedVocabulary::find_matches` of `tokenizers`.
struct AddedTokenMatcher: Sendable {
    /// The most bytes of an added token. It bounds the work that each byte of a text can cause.
    static let maximumTokenBytes = 512

    /// A part of a text: an added token, or the text between two of them.
    struct Piece: Equatable {
        var range: Range<Int>
        /// The added token's id; nil for text between them.
        var id: Int32?
    }

    private var patterns = ByteTrie()
    /// For each byte, whether a token begins with it.
    private var begins = [Bool](repeating: false, count: 256)
    /// The tokens. The ids in `patterns` are indices of this array.
    private var tokens: [(token: AddedToken, id: Int32, isPassedOver: Bool)] = []

    /// Whether there is nothing to find.
    var isEmpty: Bool { tokens.isEmpty }

    /// Adds a token that is written as `pattern` in texts.
    ///
    /// - Parameter isPassedOver: Whether the text of the token is left to the words around it, although no other token
    ///   may begin in it.
    /// - Returns: False when another token has the same pattern.
    mutating func insert(_ token: AddedToken, id: Int32, pattern: [UInt8], isPassedOver: Bool = false) -> Bool {
        guard let first = pattern.first else { return true }
        guard patterns.id(of: pattern) == nil else { return false }
        begins[Int(first)] = true
        let fits = patterns.insert(pattern, id: Int32(tokens.count))
        tokens.append((token, id, isPassedOver))
        return fits
    }

    /// Calls `body` with the parts of `bytes` in their order. No part is empty. The search breaks off when nobody waits
    /// for the tokens any more (``Tokenizer/isAwaited``).
    func forEachPiece(of bytes: Span<UInt8>, folding: Span<UInt8>, _ body: (Piece) -> Void) {
        var pieceStart = 0
        var position = 0
        let begins = begins.span
        var pause = min(bytes.count, Tokenizer.bytesBetweenQuestions)
        while true {
            while position < pause, !begins[Int(bytes[position])] { position += 1 }
            if position >= pause {
                if position >= bytes.count { break }
                guard Tokenizer.isAwaited() else { return }
                pause = min(bytes.count, position + Tokenizer.bytesBetweenQuestions)
                continue
            }
            guard let match = patterns.longestPrefix(of: bytes, from: position, to: bytes.count, folding: folding)
            else {
                position += 1
                continue
            }
            let (token, id, isPassedOver) = tokens[Int(match.id)]
            let matched = position..<match.end
            position = match.end
            if isPassedOver || (token.singleWord && Self.touchesWord(matched, in: bytes)) { continue }
            let range = Self.extend(matched, of: token, in: bytes, notBefore: pieceStart)
            if pieceStart < range.lowerBound { body(Piece(range: pieceStart..<range.lowerBound, id: nil)) }
            body(Piece(range: range, id: id))
            pieceStart = range.upperBound
        }
        if pieceStart < bytes.count { body(Piece(range: pieceStart..<bytes.count, id: nil)) }
    }

    /// Whether a word character is right before or after a match.
    private static func touchesWord(_ match: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        if match.lowerBound > 0 {
            let before = UTF8Bytes.scalar(in: bytes, endingAt: match.lowerBound).scalar
            if ScalarProperties(of: before).contains(.word) { return true }
        }
        guard match.upperBound < bytes.count else { return false }
        return ScalarProperties(of: UTF8Bytes.scalar(in: bytes, at: match.upperBound).scalar).contains(.word)
    }

    /// The range of a match together with the white space that belongs to it.
    ///
    /// A token that begins with white space may be found in the space that the token before it has taken. Then only the
    /// stripped space, not the match itself, is kept from overlapping that token.
    private static func extend(
        _ match: Range<Int>,
        of token: AddedToken,
        in bytes: Span<UInt8>,
        notBefore limit: Int
    ) -> Range<Int> {
        var (start, end) = (match.lowerBound, match.upperBound)
        if token.stripsLeft {
            while start > limit {
                let (scalar, length) = UTF8Bytes.scalar(in: bytes, endingAt: start)
                guard ScalarProperties(of: scalar).contains(.whiteSpace) else { break }
                start -= length
            }
            start = max(start, limit)
        }
        if token.stripsRight {
            while end < bytes.count {
                let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: end)
                guard ScalarProperties(of: scalar).contains(.whiteSpace) else { break }
                end += length
            }
        }
        return start..<max(start, end)
    }
}

/// A token that is found in the text itself before the text is split into words, for example [MASK].
///
/// The flags are those of Hugging Face's `AddedToken`.
package struct AddedToken: Sendable, Equatable {
    /// The token's text.
    package var content: String
    /// Whether decoding may leave it out.
    package var isSpecial: Bool
    /// Whether it is found only if no word character is next to it.
    package var singleWord: Bool
    /// Whether white space before it belongs to it.
    package var stripsLeft: Bool
    /// Whether white space after it belongs to it.
    package var stripsRight: Bool
    /// Whether its normalized form is searched in the normalized text.
    package var isNormalized: Bool
    /// Whether it was added as a normalized token at any time, after which it is shown so.
    var isShownNormalized = false

    /// An added token. By default a special token is searched in the text as it was given, other tokens in the
    /// normalized text.
    package init(
        _ content: String,
        isSpecial: Bool = true,
        singleWord: Bool = false,
        stripsLeft: Bool = false,
        stripsRight: Bool = false,
        isNormalized: Bool? = nil
    ) {
        self.content = content
        self.isSpecial = isSpecial
        self.singleWord = singleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isNormalized = isNormalized ?? !isSpecial
    }

    /// Whether two tokens have the same bytes and flags.
    package static func == (a: Self, b: Self) -> Bool {
        a.content.equals(b.content)
            && [a.isSpecial, a.singleWord, a.stripsLeft, a.stripsRight, a.isNormalized]
                == [b.isSpecial, b.singleWord, b.stripsLeft, b.stripsRight, b.isNormalized]
    }
}
