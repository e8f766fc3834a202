import ModelFiles

/// The parts of a tokenizer, read from files and checked.
struct TokenizerParts {
    /// The file that errors name.
    var path: String
    /// All tokens, added ones included.
    var vocabulary: Vocabulary
    var model: TokenizationModel
    var normalizer: Normalizer
    var preTokenizer: PreTokenizer
    var postProcessor: SequenceTemplate
    /// Whether the model gets the template's token types; if not, it takes all as 0.
    var givesTokenTypes: Bool
    var decoder: Decoder
    /// Whether a decoded text as a whole loses the spaces that are not written in English, whatever the decoder does.
    var cleansUpDecoded: Bool
    /// The added tokens in the order in which they were added.
    var addedTokens: [(token: AddedToken, id: Int32)]
    /// Whether special tokens that stand in a text are split like other words.
    var splitsSpecialTokens: Bool
    var padTokenID: Int32
    var maskTokenID: Int32?
    /// The token that the files name for unknown words. The model may use another one.
    var unknownTokenID: Int32?
    var modelMaxLength: Int?
    var truncationDirection: TruncationDirection
    /// What the files hold that has no effect, or another than one may think, for an operator.
    var warnings: [String]
}

extension TokenizerParts {
    /// Reads the files of a model folder as transformers' `AutoTokenizer` does: `tokenizer.json` if it is there,
    /// otherwise `vocab.txt`, and in addition the small files beside them.
    init(directory: String) throws(ModelError) {
        let jsonPath = ModelFile.tokenizer.path(in: directory)
        let vocabularyPath = ModelFile.vocabulary.path(in: directory)
        let settingsPath = ModelFile.tokenizerSettings.path(in: directory)
        let file = OpenFile.exists(jsonPath) ? try TokenizerFile.readObject(jsonPath) : nil
        guard file != nil || OpenFile.exists(vocabularyPath) else { throw .noTokenizer(directory: directory) }
        let settings = OpenFile.exists(settingsPath) ? try TokenizerFile.readObject(settingsPath) : nil
        let configuration = try TokenizerConfiguration(directory: directory, settings: settings, tokenizerJSON: file)
        let tokens = try FolderTokens(
            directory: directory,
            settings: settings,
            tokenizerJSON: file,
            defaults: configuration.defaultTokens
        )
        guard let file else {
            let vocabulary = try Vocabulary(linesOf: vocabularyPath)
            try self.init(
                bertVocabulary: vocabulary,
                path: vocabularyPath,
                configuration: configuration,
                tokens: tokens
            )
            return
        }
        switch configuration.tokenizerClass.parts {
        case .bert:
            let vocabulary = try Vocabulary(file.model().object("vocab"))
            try self.init(bertVocabulary: vocabulary, path: jsonPath, configuration: configuration, tokens: tokens)
            try warnOfUnused(file)
        case .tokenizerJSONWithBertTemplate, .tokenizerJSON:
            try self.init(tokenizerJSON: file, configuration: configuration, tokens: tokens)
        }
    }
}
