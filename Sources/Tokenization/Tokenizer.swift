package import ModelFiles

/// A tokenizer for BERT and similar models, like Hugging Face's fast tokenizers: it turns text into token ids and back.
///
/// It gives the same ids, segment ids and offsets as `tokenizers` 0.23.3 with `BertNormalizer`, `BertPreTokenizer`,
/// `WordPiece` and `TemplateProcessing`. It is an immutable value, which any number of threads may use at a time.
package struct Tokenizer: Sendable {
    /// The most tokens that the model takes, special tokens included; nil when the files set no limit.
    package let modelMaxLength: Int?
    /// The id of the padding token.
    package let padTokenID: Int32
    /// The id of the mask token; nil when the vocabulary has none.
    package let maskTokenID: Int32?
    /// The side from which truncation removes tokens, as the files say; right when they do not.
    package let truncationDirection: TruncationDirection

    /// What the files hold that has no effect, or another than one may think, for an operator.
    package let warnings: [String]

    let vocabulary: Vocabulary
    let normalizer: Normalizer
    let wordPiece: WordPiece
    let addedTokens: AddedTokens
    let template: SequenceTemplate
    let decoder: WordPieceDecoder?
    let byteClasses: ByteClasses

    /// Reads the tokenizer of a model folder.
    ///
    /// - Parameters:
    ///   - lowercases: Whether to convert text to lower case even if the files do not ask for it.
    ///   - modelMaxLength: The most tokens that the model takes, whatever the files say; nil to use theirs.
    package init(directory: String, lowercases: Bool = false, modelMaxLength: Int? = nil) throws(ModelError) {
        var parts = try TokenizerParts(directory: directory)
        if lowercases { parts.normalizer.lowercase = true }
        parts.modelMaxLength = modelMaxLength ?? parts.modelMaxLength
        try self.init(parts)
    }

    /// Makes a tokenizer from the parts that files describe.
    init(_ parts: TokenizerParts) throws(ModelError) {
        modelMaxLength = parts.modelMaxLength
        padTokenID = parts.padTokenID
        maskTokenID = parts.maskTokenID
        truncationDirection = parts.truncationDirection
        vocabulary = parts.vocabulary
        normalizer = parts.normalizer
        wordPiece = parts.wordPiece
        template = parts.template
        decoder = parts.decoder
        addedTokens = try AddedTokens(
            parts.addedTokens,
            normalizer: parts.normalizer,
            splitsSpecial: parts.splitsSpecialTokens,
            path: parts.path
        )
        warnings = parts.warnings + addedTokens.warnings
        byteClasses = ByteClasses(parts.normalizer)
    }

    /// The highest id plus one, added tokens included.
    package var vocabularySize: Int { vocabulary.size }

    /// The id of the token for a word that has no pieces in the vocabulary.
    package var unknownTokenID: Int32 { wordPiece.unknownID }

    /// The text of a token; nil when no token has the id.
    package func token(id: Int32) -> String? {
        tokenText(id).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The id of a token, added ones included; nil when there is no such token. The token is not normalized.
    package func id(token: String) -> Int32? { vocabulary.id(token) }

    /// The bytes of a token as it is shown: an added token that is searched in normalized text is shown normalized.
    func tokenText(_ id: Int32) -> [UInt8]? {
        addedTokens.normalizedTexts[id] ?? vocabulary.token(id)
    }

    /// Whether a token is special, so that decoding may leave it out.
    package func isSpecial(id: Int32) -> Bool {
        addedTokens.specialIDs.contains(id)
    }
}

/// A text that keeps its tokens once it has been encoded, so that the text of many pairs is tokenized only once.
package struct TokenizedText: Sendable {
    /// The text.
    package let text: String
    /// The tokens before truncation; nil until the text has been encoded.
    var tokens: TokenSequence?

    /// A text that has not been tokenized yet.
    package init(_ text: String) {
        self.text = text
    }
}

extension Tokenizer {
    /// The most bytes of UTF-8 of a text. Normalization makes a text at most four times as long (U+1D160 is four bytes
    /// and becomes twelve, an ideograph three and becomes five), and positions in it are numbers of 32 bits.
    package static let maximumTextBytes = 1 << 28

    /// Encodes a text, or a pair of texts.
    ///
    /// - Parameters:
    ///   - text: A text with any content, of at most ``maximumTextBytes``.
    ///   - pair: A second text, which has another segment id.
    /// - Throws: ``TokenizerError/textTooLong(byteCount:)``, or
    ///   ``TokenizerError/truncationTooShort(maxLength:specialTokens:)`` if the special tokens alone are more than the
    ///   truncation allows.
    /// - Complexity: O(text).
    package func encode(
        _ text: String,
        pair: String? = nil,
        options: EncodingOptions = EncodingOptions()
    ) throws(TokenizerError) -> Encoding {
        var text = TokenizedText(text)
        return try encode(&text, pair: pair, options: options)
    }

    /// Encodes a text that comes several times, alone or with different pairs. It is tokenized only the first time.
    package func encode(
        _ text: inout TokenizedText,
        pair: String? = nil,
        options: EncodingOptions = EncodingOptions()
    ) throws(TokenizerError) -> Encoding {
        let specialTokens = options.addSpecialTokens ? template.specialTokenCount(isPair: pair != nil) : 0
        if let truncation = options.truncation, truncation.maxLength < specialTokens {
            throw .truncationTooShort(maxLength: truncation.maxLength, specialTokens: specialTokens)
        }
        let first: TokenSequence
        if let tokens = text.tokens { first = tokens } else { first = try tokenize(text.text) }
        text.tokens = first
        let second = if let pair { try tokenize(pair) } else { TokenSequence?.none }
        var kept = (text: 0..<first.count, pair: 0..<(second?.count ?? 0))
        if let truncation = options.truncation {
            let limit = max(0, truncation.maxLength - specialTokens)
            let lengths = truncation.keptLengths(first.count, second?.count, limit: limit)
            kept.text = truncation.keptRange(of: kept.text.count, kept: lengths.first)
            kept.pair = truncation.keptRange(of: kept.pair.count, kept: lengths.second)
        }
        return template.assemble(first, second, kept: kept, options: options)
    }

    func tokenize(_ text: String) throws(TokenizerError) -> TokenSequence {
        let utf8 = text.utf8Span
        guard utf8.count <= Self.maximumTextBytes else { throw .textTooLong(byteCount: utf8.count) }
        return tokenize(utf8.span)
    }
}

/// The usual number of bytes for each token of a text. Memory for more tokens is added as they come.
private let bytesPerToken = 4

extension Tokenizer {
    /// The tokens of one text: it finds the added tokens, and splits the text between them into words and pieces.
    func tokenize(_ bytes: Span<UInt8>) -> TokenSequence {
        var tokens = TokenSequence()
        var normalized = NormalizedText()
        tokens.reserveCapacity(bytes.count / bytesPerToken + 1)
        addedTokens.verbatim.forEachPiece(of: bytes, folding: byteClasses.identity.span) { piece in
            if let id = piece.id {
                tokens.append(id, from: piece.range.lowerBound, to: piece.range.upperBound)
            } else if addedTokens.normalized.isEmpty {
                tokenizeSegment(bytes, piece.range, normalized: &normalized, into: &tokens)
            } else {
                tokenizeFindingTokens(bytes, piece.range, normalized: &normalized, into: &tokens)
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
        while position < range.upperBound {
            let start = position
            switch classes[Int(bytes[position])] {
            case .whiteSpace:
                position += 1
            case .punctuation:
                position += 1
                wordPiece.tokenize(bytes, from: start, to: position, folding: folding, into: &tokens)
            case .word, .other:
                while position < range.upperBound && classes[Int(bytes[position])] == .word { position += 1 }
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

    /// The index of the next ASCII white space or punctuation. No scalar before it can combine with one after it.
    private func endOfStretch(_ bytes: Span<UInt8>, from position: Int, to end: Int) -> Int {
        let classes = byteClasses.classes.span
        var position = position
        while position < end {
            let byteClass = classes[Int(bytes[position])]
            if byteClass == .whiteSpace || byteClass == .punctuation { break }
            position += 1
        }
        return position
    }

    /// Appends the tokens of a part of normalized text.
    private func tokenize(_ normalized: borrowing NormalizedText, _ range: Range<Int>, into tokens: inout TokenSequence)
    {
        let firstToken = tokens.count
        let bytes = normalized.bytes.span
        let identity = byteClasses.identity.span
        var position = range.lowerBound
        while let word = PreTokenizer.nextWord(in: bytes, from: position, to: range.upperBound) {
            wordPiece.tokenize(bytes, from: word.lowerBound, to: word.upperBound, folding: identity, into: &tokens)
            position = word.upperBound
        }
        for index in firstToken..<tokens.count { tokens.offsets[index] = normalized.original(tokens.offsets[index]) }
    }

    /// Appends the tokens of a part of the text in which added tokens are searched after normalization.
    private func tokenizeFindingTokens(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        normalized: inout NormalizedText,
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

extension Tokenizer {
    /// The text of token ids, as Hugging Face's WordPiece decoder writes it: pieces are joined, other tokens are
    /// separated by spaces, and spaces that are not written in English are removed.
    ///
    /// - Throws: ``TokenizerError/unknownTokenID(_:vocabularySize:)``.
    package func decode(_ ids: [Int32], skipSpecialTokens: Bool = true) throws(TokenizerError) -> String {
        var tokens: [[UInt8]] = []
        for id in ids {
            guard let token = tokenText(id) else {
                throw .unknownTokenID(id, vocabularySize: vocabularySize)
            }
            if !skipSpecialTokens || !addedTokens.skippedIDs.contains(id) { tokens.append(token) }
        }
        return joined(tokens)
    }

    /// The text of tokens or words, joined as `decode` does it.
    package func joined(_ tokens: [String]) -> String {
        joined(tokens.map { Array($0.utf8) })
    }

    private func joined(_ tokens: [[UInt8]]) -> String {
        guard let decoder else {
            return String(decoding: Array(tokens.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
        }
        var text: [UInt8] = []
        for (index, token) in tokens.enumerated() { decoder.append(token, isFirst: index == 0, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// An error of encoding a text or decoding ids.
package enum TokenizerError: Error, Equatable, Sendable {
    /// The text is longer than ``Tokenizer/maximumTextBytes``.
    case textTooLong(byteCount: Int)
    /// `maxLength` is less than the number of special tokens around the text.
    case truncationTooShort(maxLength: Int, specialTokens: Int)
    /// No token has an id that is to be decoded.
    case unknownTokenID(Int32, vocabularySize: Int)
}

extension TokenizerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .textTooLong(let byteCount):
            "the text has \(byteCount) bytes of UTF-8; at most \(Tokenizer.maximumTextBytes) can be encoded"
        case .truncationTooShort(let maxLength, let specialTokens):
            "can't truncate to \(maxLength) tokens: the special tokens alone are \(specialTokens); "
                + "ask for a larger maximum, or for no special tokens"
        case .unknownTokenID(let id, let vocabularySize):
            "no token has the id \(id); the vocabulary's ids are 0 to \(vocabularySize - 1)"
        }
    }
}
