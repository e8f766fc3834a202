import JSON
package import ModelFiles

/// A tokenizer for BERT and similar models, like Hugging Face's fast tokenizers: it turns text into token ids and back.
///
/// It has the parts into which a tokenizer.json is divided: normalizer, pre-tokenizer, model, post-processor, decoder
/// and added tokens. It gives the same ids, segment ids, offsets and decoded texts as `tokenizers` 0.23.3 with these
/// parts. It never changes, so any number of threads may use it at a time.
package final class Tokenizer: Sendable {
    /// The most tokens that the model takes, special tokens included; nil when the files set no limit.
    package let modelMaxLength: Int?
    /// The id of the padding token.
    package let padTokenID: Int32
    /// The id of the mask token; nil when the vocabulary has none.
    package let maskTokenID: Int32?
    /// The id of the token that the files name for words without pieces in the vocabulary; nil when they name none.
    package let unknownTokenID: Int32?
    /// The side from which truncation removes tokens, as the files say; right when they do not.
    package let truncationDirection: TruncationDirection

    /// What the files hold that has no effect, or another than one may think, for an operator.
    package let warnings: [String]

    let vocabulary: Vocabulary
    let model: TokenizationModel
    let addedTokens: AddedTokens
    let postProcessor: SequenceTemplate
    /// The template for what goes to the model: without types if the tokenizer gives the model none.
    let modelTemplate: SequenceTemplate
    private let pipeline: Pipeline
    private let decoder: Decoder
    private let cleansUpDecoded: Bool

    /// Reads the tokenizer of a model folder.
    ///
    /// - Parameters:
    ///   - lowercases: Whether to convert text to lower case even if the files do not ask for it.
    ///   - modelMaxLength: The most tokens that the model takes, whatever the files say; nil to use theirs.
    package convenience init(directory: String, lowercases: Bool = false, modelMaxLength: Int? = nil) throws(ModelError)
    {
        var parts = try TokenizerParts(directory: directory)
        if lowercases { parts.normalizer = parts.normalizer.lowercased }
        parts.modelMaxLength = modelMaxLength ?? parts.modelMaxLength
        try self.init(parts)
    }

    /// Makes a tokenizer from the parts that files describe.
    init(_ parts: TokenizerParts) throws(ModelError) {
        modelMaxLength = parts.modelMaxLength
        padTokenID = parts.padTokenID
        maskTokenID = parts.maskTokenID
        unknownTokenID = parts.unknownTokenID
        truncationDirection = parts.truncationDirection
        vocabulary = parts.vocabulary
        model = parts.model
        postProcessor = parts.postProcessor
        modelTemplate = parts.givesTokenTypes ? parts.postProcessor : parts.postProcessor.withoutTypes
        decoder = parts.decoder
        cleansUpDecoded = parts.cleansUpDecoded
        addedTokens = try AddedTokens(
            parts.addedTokens,
            normalizer: parts.normalizer,
            splitsSpecial: parts.splitsSpecialTokens,
            path: parts.path
        )
        warnings = parts.warnings + addedTokens.warnings
        pipeline = Pipeline(parts)
    }

    /// The highest id plus one, added tokens included.
    package var vocabularySize: Int { vocabulary.size }

    /// The text of a token; nil when no token has the id.
    package func token(id: Int32) -> String? {
        tokenText(id).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The id of a token, added ones included; nil when there is no such token. The token is not normalized.
    package func id(token: String) -> Int32? { vocabulary.id(token) }

    /// The bytes of a token as it is shown: an added token that is searched in normalized text is shown normalized.
    func tokenText(_ id: Int32) -> ArraySlice<UInt8>? {
        let normalized = addedTokens.normalizedTexts.isEmpty ? nil : addedTokens.normalizedTexts[id]
        return normalized?[...] ?? vocabulary.token(id)
    }

    /// Whether an encoding may have more tokens than its truncation says, because a template repeats a text, or adds
    /// more special tokens than truncation leaves space for.
    package var exceedsTruncation: Bool { postProcessor.exceedsTruncation }

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
        guard pair == nil || postProcessor.takesPairs else { throw .noPairs }
        let specialTokens = options.addSpecialTokens ? postProcessor.specialTokenCount(isPair: pair != nil) : 0
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
        let template = options.forModel ? modelTemplate : postProcessor
        var encoding = template.assemble(first, second, kept: kept, options: options)
        if options.collectOffsets, template.trimsOffsets {
            var end = 0
            for part in pair == nil ? template.single : template.pair {
                let start = end
                switch part {
                case .special(let ids, _, _):
                    end += options.addSpecialTokens ? ids.count : 0
                case .text(_, let trimmings):
                    end += kept.text.count
                    trim(&encoding, start..<end, of: (text.text, first, kept.text), by: trimmings, options: options)
                case .pair(_, let trimmings):
                    guard let pair, let second else { continue }
                    end += kept.pair.count
                    trim(&encoding, start..<end, of: (pair, second, kept.pair), by: trimmings, options: options)
                }
            }
        }
        return encoding
    }

    /// Encodes the words of a text, each by itself, as `tokenizers` does with `is_pretokenized`.
    ///
    /// - Returns: the encoding without offsets, and each token's word; nil for special tokens of the template.
    package func encode(
        words: [String],
        options: EncodingOptions
    ) throws(TokenizerError) -> (encoding: Encoding, words: [Int?]) {
        let specialTokens = options.addSpecialTokens ? postProcessor.specialTokenCount(isPair: false) : 0
        if let truncation = options.truncation, truncation.maxLength < specialTokens {
            throw .truncationTooShort(maxLength: truncation.maxLength, specialTokens: specialTokens)
        }
        var (tokens, owners) = (TokenSequence(), [Int]())
        for (number, word) in words.enumerated() {
            let part = try tokenize(word)
            tokens.ids += part.ids
            tokens.offsets += part.offsets
            owners += repeatElement(number, count: part.count)
        }
        var kept = 0..<tokens.count
        if let truncation = options.truncation {
            let length = min(kept.count, truncation.maxLength - specialTokens)
            kept = truncation.keptRange(of: kept.count, kept: length)
        }
        var options = options
        options.collectOffsets = false
        let template = options.forModel ? modelTemplate : postProcessor
        let encoding = template.assemble(tokens, nil, kept: (kept, 0..<0), options: options)
        var next = kept.lowerBound
        let words: [Int?] = encoding.sequenceIDs.map { sequence in
            guard sequence == 0 else { return nil }
            // A template may repeat the text.
            if next == kept.upperBound { next = kept.lowerBound }
            defer { next += 1 }
            return owners[next]
        }
        return (encoding, words)
    }

    /// Trims the offsets of one part of an encoding: some of a text's tokens.
    private func trim(
        _ encoding: inout Encoding,
        _ places: Range<Int>,
        of source: (text: String, tokens: TokenSequence, kept: Range<Int>),
        by trimmings: [OffsetTrimming],
        options: EncodingOptions
    ) {
        let bytes = Array(source.text.utf8)
        for (place, index) in zip(places, source.kept) where !trimmings.isEmpty {
            let token = source.tokens.addedTexts[index] ?? tokenText(source.tokens.ids[index]).map(Array.init) ?? []
            for trimming in trimmings {
                let isFirst = place == places.lowerBound && !(trimming.isBehindTokens && options.addSpecialTokens)
                let range = encoding.offsets[place]
                encoding.offsets[place] = trimming.trim(range, of: token.span, in: bytes.span, isFirst: isFirst)
            }
        }
    }

    func tokenize(_ text: String) throws(TokenizerError) -> TokenSequence {
        let utf8 = text.utf8Span
        guard utf8.count <= Self.maximumTextBytes else { throw .textTooLong(byteCount: utf8.count) }
        let tokens = try pipeline.tokens(of: utf8.span, addedTokens: addedTokens)
        guard utf8.count < Self.bytesBetweenQuestions || Self.isAwaited() else { throw .abandoned }
        if model.unknownID == WordPiece.noUnknownID, let place = tokens.ids.firstIndex(of: model.unknownID) {
            let word = Array(text.utf8)[Int(tokens.offsets[place].lowerBound)..<Int(tokens.offsets[place].upperBound)]
            throw .noUnknownToken(word: String(decoding: word, as: UTF8.self))
        }
        return tokens
    }

    /// Whether anybody still waits for what the current task tokenizes. It is asked about every millisecond while a
    /// long text is tokenized. Once it is false it must stay so: loops break off then, and their results are of no use.
    @TaskLocal package static var isAwaited: @Sendable () -> Bool = { true }

    /// The bytes of a text between two such questions.
    static let bytesBetweenQuestions = 16 * 1024
}

/// Counts the rounds of a loop, and asks now and then whether anybody still waits for it (``Tokenizer/isAwaited``).
struct Patience {
    /// The rounds between two questions: each takes some ten nanoseconds, and some a microsecond.
    private static let rounds = 2048

    private var left = Self.rounds

    /// Begins to count.
    init() {}

    /// Whether the loop may do another round.
    @inline(__always)
    mutating func lasts() -> Bool {
        left -= 1
        return left > 0 || renew()
    }

    @inline(never)
    private mutating func renew() -> Bool {
        left = Self.rounds
        return Tokenizer.isAwaited()
    }
}

extension Tokenizer {
    /// The text of token ids, as the tokenizer's decoder writes it, without the spaces that
    /// `clean_up_tokenization_spaces` removes.
    ///
    /// - Parameter cleansUp: Whether these spaces may be removed.
    /// - Throws: ``TokenizerError/unknownTokenID(_:vocabularySize:)``.
    package func decode(
        _ ids: [Int32],
        skipSpecialTokens: Bool = true,
        cleansUp: Bool = true
    ) throws(TokenizerError) -> String {
        var tokens: [[UInt8]] = []
        var patience = Patience()
        for id in ids {
            guard patience.lasts() else { throw .abandoned }
            guard let token = tokenText(id) else {
                throw .unknownTokenID(id, vocabularySize: vocabularySize)
            }
            if !skipSpecialTokens || !addedTokens.skippedIDs.contains(id) { tokens.append(Array(token)) }
        }
        var text = try decoder.text(tokens)
        if cleansUp, cleansUpDecoded { EnglishSpaces.remove(&text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The text of tokens or words, joined as `decode` does it; with spaces if the decoder cannot do it.
    package func joined(_ tokens: [String]) -> String {
        let text = try? decoder.text(tokens.map { Array($0.utf8) })
        return text.map { String(decoding: $0, as: UTF8.self) } ?? tokens.joined(separator: " ")
    }
}

/// An error of encoding a text or decoding ids.
package enum TokenizerError: Error, Equatable, Sendable {
    /// The text is longer than ``Tokenizer/maximumTextBytes``.
    case textTooLong(byteCount: Int)
    /// `maxLength` is less than the number of special tokens around the text.
    case truncationTooShort(maxLength: Int, specialTokens: Int)
    /// A regular expression of the tokenizer's file takes too long for the text.
    case patternTooExpensive(String)
    /// A word has no pieces in the vocabulary, which has no token for such words.
    case noUnknownToken(word: String)
    /// The tokenizer's post-processor has no template for two texts.
    case noPairs
    /// No token has an id that is to be decoded.
    case unknownTokenID(Int32, vocabularySize: Int)
    /// Nobody waits for the tokens any more; see ``Tokenizer/isAwaited``.
    case abandoned
}

extension TokenizerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .textTooLong(let byteCount):
            "the text has \(byteCount) bytes of UTF-8; at most \(Tokenizer.maximumTextBytes) can be encoded"
        case .truncationTooShort(let maxLength, let specialTokens):
            "can't truncate to \(maxLength) tokens: the special tokens alone are \(specialTokens); "
                + "ask for a larger maximum, or for no special tokens"
        case .patternTooExpensive(let pattern):
            "the tokenizer's regular expression \(pattern.prefix(200)) takes too long for this text"
        case .noUnknownToken(let word):
            "the tokenizer has no pieces for the word \"\(word.beginning(100))\", and no token for unknown words"
        case .noPairs:
            "the tokenizer's post_processor makes more of two texts than its next step can take, as in tokenizers; "
                + "only single texts can be encoded"
        case .unknownTokenID(let id, let vocabularySize):
            "no token has the id \(id); the vocabulary's ids are 0 to \(vocabularySize - 1)"
        case .abandoned: "nobody waits for the tokens any more"
        }
    }
}
