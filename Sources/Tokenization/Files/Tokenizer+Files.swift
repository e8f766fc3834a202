extension Tokenizer {
    /// Reads the tokenizer of a model directory: `tokenizer.json` if it is there, else `vocab.txt`; and what
    /// `tokenizer_config.json` and `special_tokens_map.json` say, as far as they are there.
    ///
    /// - Parameters:
    ///   - lowercases: whether text is put into lower case also where these files keep it as it is.
    ///   - modelMaxLength: the most tokens that the model takes, whatever these files say; nil leaves it to them.
    package init(
        directory: String,
        lowercases: Bool = false,
        modelMaxLength: Int? = nil
    ) throws(TokenizerError) {
        let tokenizerJSON = directory + "/tokenizer.json"
        let vocabularyFile = directory + "/vocab.txt"
        var parts: TokenizerParts
        if TokenizerFile.exists(tokenizerJSON) {
            let configuration = try TokenizerConfiguration(directory: directory, isComplete: false)
            parts = try TokenizerParts(tokenizerJSON: tokenizerJSON, configuration: configuration)
        } else if TokenizerFile.exists(vocabularyFile) {
            let configuration = try TokenizerConfiguration(directory: directory, isComplete: true)
            parts = try TokenizerParts(vocabularyFile: vocabularyFile, configuration: configuration)
        } else {
            throw .noTokenizer(directory: directory)
        }
        if lowercases { parts.normalizer.lowercase = true }
        parts.modelMaxLength = modelMaxLength ?? parts.modelMaxLength
        try self.init(parts)
    }

    /// Reads a `vocab.txt`.
    package init(
        vocabularyFile: String,
        configuration: TokenizerConfiguration = .uncased
    ) throws(TokenizerError) {
        try self.init(TokenizerParts(vocabularyFile: vocabularyFile, configuration: configuration))
    }
}
