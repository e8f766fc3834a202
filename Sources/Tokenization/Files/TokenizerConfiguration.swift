/// What `tokenizer_config.json` and `special_tokens_map.json` say beside a `vocab.txt`.
package struct TokenizerConfiguration: Sendable, Equatable {
    /// Whether text is put into lower case (`do_lower_case`).
    package var lowercase: Bool
    /// Whether accents are taken off; nil: when text is put into lower case (`strip_accents`).
    package var stripAccents: Bool?
    /// Whether each CJK ideograph is a word of its own (`tokenize_chinese_chars`).
    package var tokenizeChineseChars: Bool
    /// The most tokens the model takes; nil: no limit (`model_max_length`).
    package var modelMaxLength: Int?
    /// The side from which tokens are taken when a text is too long (`truncation_side`).
    package var truncationDirection: TruncationDirection
    /// The token for a word that has no pieces (`unk_token`).
    package var unknownToken: AddedToken
    /// The token after each text (`sep_token`).
    package var separatorToken: AddedToken
    /// The token that fills up shorter texts (`pad_token`).
    package var paddingToken: AddedToken
    /// The token before a text (`cls_token`).
    package var classifierToken: AddedToken
    /// The token for what is to be guessed (`mask_token`).
    package var maskToken: AddedToken
    /// Further special tokens (`additional_special_tokens`).
    package var additionalTokens: [AddedToken]
    /// Tokens with their ids (`added_tokens_decoder`), which may be some of those above.
    package var addedTokens: [Int: AddedToken]

    /// Whether the flags count more than the normalizer of a `tokenizer.json`.
    var replacesNormalizer = false

    /// The prefix of the tokens that a word goes on with.
    static let continuingPrefix = "##"

    /// What `BertTokenizer` takes when nothing is said: the uncased models.
    package static let uncased = TokenizerConfiguration()

    /// What `BertTokenizer` takes when nothing is said.
    package init() {
        lowercase = true
        stripAccents = nil
        tokenizeChineseChars = true
        modelMaxLength = nil
        truncationDirection = .right
        unknownToken = AddedToken("[UNK]")
        separatorToken = AddedToken("[SEP]")
        paddingToken = AddedToken("[PAD]")
        classifierToken = AddedToken("[CLS]")
        maskToken = AddedToken("[MASK]")
        additionalTokens = []
        addedTokens = [:]
    }

    /// The normalizer that the flags describe.
    var normalizer: Normalizer {
        Normalizer(
            cleanText: true,
            handleChineseChars: tokenizeChineseChars,
            stripAccents: stripAccents ?? lowercase,
            lowercase: lowercase
        )
    }
}
