extension Tokenizer {
    /// Reads the tokenizer of a model directory: `tokenizer.json` if it is there, else `vocab.txt`; and what
    /// `tokenizer_config.json` and `special_tokens_map.json` say, as far as they are there.
    package init(directory: String) throws(TokenizerError) {
        let tokenizerJSON = directory + "/tokenizer.json"
        let vocabularyFile = directory + "/vocab.txt"
        if TokenizerFile.exists(tokenizerJSON) {
            let configuration = try TokenizerConfiguration(directory: directory, isComplete: false)
            try self.init(TokenizerParts(tokenizerJSON: tokenizerJSON, configuration: configuration))
        } else if TokenizerFile.exists(vocabularyFile) {
            let configuration = try TokenizerConfiguration(directory: directory, isComplete: true)
            try self.init(TokenizerParts(vocabularyFile: vocabularyFile, configuration: configuration))
        } else {
            throw .noTokenizer(directory: directory)
        }
    }

    /// Reads a `vocab.txt`.
    package init(
        vocabularyFile: String,
        configuration: TokenizerConfiguration = .uncased
    ) throws(TokenizerError) {
        try self.init(TokenizerParts(vocabularyFile: vocabularyFile, configuration: configuration))
    }
}
