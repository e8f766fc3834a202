/// Finds added tokens in a text: the leftmost first, and of several that begin at one place the longest.
///
/// As `AddedVocabulary::find_matches` of `tokenizers`.
struct AddedTokenMatcher: Sendable {
    /// The longest token, in bytes, that may be added: bounds the work that each byte of a text can cause.
    static let maximumTokenBytes = 512

    /// A part of a text: an added token, or what is between two of them.
    struct Piece: Equatable {
        var range: Range<Int>
        /// The added token's id; nil between them.
        var id: Int32?
    }

    private var patterns = ByteTrie()
    /// Whether a token begins with each byte.
    private var begins = [Bool](repeating: false, count: 256)
    /// The tokens that the ids of `patterns` are indices of.
    private var tokens: [(token: AddedToken, id: Int32)] = []

    /// Whether there is nothing to find.
    var isEmpty: Bool { tokens.isEmpty }

    /// Adds a token that is to be found as `pattern`.
    ///
    /// - Returns: false when another token has the pattern already.
    mutating func insert(_ token: AddedToken, id: Int32, pattern: [UInt8]) -> Bool {
        guard let first = pattern.first else { return true }
        guard patterns.id(of: pattern) == nil else { return false }
        begins[Int(first)] = true
        let fits = patterns.insert(pattern, id: Int32(tokens.count))
        tokens.append((token, id))
        return fits
    }

    /// Calls `body` with the parts of `bytes`, in the order they are written in, none of them empty.
    func forEachPiece(of bytes: Span<UInt8>, folding: Span<UInt8>, _ body: (Piece) -> Void) {
        var pieceStart = 0
        var position = 0
        let begins = begins.span
        while position < bytes.count {
            guard begins[Int(bytes[position])],
                let match = patterns.longestPrefix(of: bytes, from: position, to: bytes.count, folding: folding)
            else {
                position += 1
                continue
            }
            let (token, id) = tokens[Int(match.id)]
            let matched = position..<match.end
            position = match.end
            if token.singleWord && Self.touchesWord(matched, in: bytes) { continue }
            let range = Self.extend(matched, of: token, in: bytes, notBefore: pieceStart)
            if pieceStart < range.lowerBound { body(Piece(range: pieceStart..<range.lowerBound, id: nil)) }
            body(Piece(range: range, id: id))
            pieceStart = range.upperBound
        }
        if pieceStart < bytes.count { body(Piece(range: pieceStart..<bytes.count, id: nil)) }
    }

    /// Whether a word character stands right before or after a match.
    private static func touchesWord(_ match: Range<Int>, in bytes: Span<UInt8>) -> Bool {
        if match.lowerBound > 0 {
            let before = UTF8Bytes.scalar(in: bytes, endingAt: match.lowerBound).scalar
            if ScalarProperties(of: before).contains(.word) { return true }
        }
        guard match.upperBound < bytes.count else { return false }
        return ScalarProperties(of: UTF8Bytes.scalar(in: bytes, at: match.upperBound).scalar).contains(.word)
    }

    /// A match together with the white space that belongs to it.
    ///
    /// A token that begins with white space may be found within the space that the one before it has taken: only what
    /// is stripped, not the match itself, is then kept from overlapping it.
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
