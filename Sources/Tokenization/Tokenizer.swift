/// Hugging Face's fast tokenizer for BERT and its kin: text in, token ids out, and back.
///
/// Gives the same ids, segment ids and offsets as `tokenizers` 0.23.3 does with `BertNormalizer`, `BertPreTokenizer`,
/// `WordPiece` and `TemplateProcessing`. An immutable value: any number of threads may use one at a time.
package struct Tokenizer: Sendable {
    /// The most tokens the model takes, special tokens included; nil when the files set no limit.
    package let modelMaxLength: Int?
    /// The id of the token that fills up shorter texts of a batch.
    package let padTokenID: Int32
    /// The id of the token that stands for what is to be guessed; nil when the vocabulary has none.
    package let maskTokenID: Int32?
    /// The side that the files say tokens are to be taken from when a text is too long; right when they don't.
    package let truncationDirection: TruncationDirection

    let vocabulary: Vocabulary
    let normalizer: Normalizer
    let wordPiece: WordPiece
    let addedTokens: AddedTokens
    let template: SequenceTemplate
    let decoder: WordPieceDecoder?
    let byteClasses: ByteClasses

    /// Puts a tokenizer together from the parts that files describe.
    init(_ parts: TokenizerParts) throws(TokenizerError) {
        modelMaxLength = parts.modelMaxLength
        padTokenID = parts.padTokenID
        maskTokenID = parts.maskTokenID
        truncationDirection = parts.truncationDirection
        vocabulary = parts.vocabulary
        normalizer = parts.normalizer
        wordPiece = parts.wordPiece
        template = parts.template
        decoder = parts.decoder
        addedTokens = try AddedTokens(parts.addedTokens, normalizer: parts.normalizer, path: parts.path)
        byteClasses = ByteClasses(parts.normalizer)
    }

    /// The highest id plus one, tokens that were added to the model's included.
    package var vocabularySize: Int { vocabulary.size }

    /// The id that a word becomes for which the vocabulary has no pieces.
    package var unknownTokenID: Int32 { wordPiece.unknownID }

    /// The text of a token; nil when no token has the id.
    package func token(id: Int32) -> String? {
        tokenText(id).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The id of a token, added ones included; nil when there is no such token. Nothing is normalized.
    package func id(token: String) -> Int32? { vocabulary.id(token) }

    /// The bytes of a token as it is shown: those of an added token that is found in normalized text are normalized.
    func tokenText(_ id: Int32) -> [UInt8]? {
        addedTokens.normalizedTexts[id] ?? vocabulary.token(id)
    }

    /// Whether a token is one that decoding may leave out.
    package func isSpecial(id: Int32) -> Bool {
        addedTokens.specialIDs.contains(id)
    }
}

/// What a tokenizer is made of, read from files and checked.
struct TokenizerParts {
    /// The file that is named in errors.
    var path: String
    /// All tokens, those added to the model's included.
    var vocabulary: Vocabulary
    var wordPiece: WordPiece
    var normalizer: Normalizer
    var template: SequenceTemplate
    /// nil: tokens are joined by spaces.
    var decoder: WordPieceDecoder?
    /// In the order they were added.
    var addedTokens: [(token: AddedToken, id: Int32)]
    var padTokenID: Int32
    var maskTokenID: Int32?
    var modelMaxLength: Int?
    var truncationDirection: TruncationDirection
}
