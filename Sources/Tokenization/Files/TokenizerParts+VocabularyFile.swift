extension TokenizerParts {
    /// Reads a `vocab.txt`: a token a line, whose id is the line's number from 0 on.
    init(vocabularyFile path: String, configuration: TokenizerConfiguration) throws(TokenizerError) {
        let model = try Vocabulary(linesOf: path)
        let wordPiece = try WordPiece(
            vocabulary: model,
            unknownToken: configuration.unknownToken.content,
            continuingPrefix: TokenizerConfiguration.continuingPrefix,
            maximumWordLength: WordPiece.defaultMaximumWordLength,
            path: path
        )
        var vocabulary = model
        let added = try configuration.addTokens(to: &vocabulary, path: path)
        func id(_ token: AddedToken, _ role: String) throws(TokenizerError) -> Int32 {
            guard let id = model.id(token.content) else {
                throw .missingToken(path: path, token: token.content, role: role)
            }
            return id
        }
        self.init(
            path: path,
            vocabulary: vocabulary,
            wordPiece: wordPiece,
            normalizer: configuration.normalizer,
            template: .bert(
                classifierID: try id(configuration.classifierToken, "the token before a text"),
                separatorID: try id(configuration.separatorToken, "the token after a text")
            ),
            decoder: WordPieceDecoder(prefix: Array(TokenizerConfiguration.continuingPrefix.utf8), cleansUp: true),
            addedTokens: added,
            padTokenID: try id(configuration.paddingToken, "the padding token"),
            maskTokenID: vocabulary.id(configuration.maskToken.content),
            modelMaxLength: configuration.modelMaxLength,
            truncationDirection: configuration.truncationDirection
        )
    }
}

extension TokenizerConfiguration {
    /// The tokens to be found in texts, each with its id; those that are new to the vocabulary are put at its end.
    fileprivate func addTokens(
        to vocabulary: inout Vocabulary,
        path: String
    ) throws(TokenizerError) -> [(token: AddedToken, id: Int32)] {
        var added: [(token: AddedToken, id: Int32)] = []
        var contents: Set<[UInt8]> = []
        for (id, token) in addedTokens.sorted(by: { $0.key < $1.key }) {
            if let known = vocabulary.id(token.content) {
                guard Int(known) == id else {
                    throw .duplicateToken(
                        path: path,
                        token: token.content,
                        detail: "has the id \(known) here, and \(id) in tokenizer_config.json's added_tokens_decoder"
                    )
                }
            } else {
                try vocabulary.insert(Array(token.content.utf8), id: id, path: path)
            }
            contents.insert(Array(token.content.utf8))
            added.append((token, Int32(id)))
        }
        let special = [unknownToken, separatorToken, paddingToken, classifierToken, maskToken] + additionalTokens
        for token in special where contents.insert(Array(token.content.utf8)).inserted {
            if vocabulary.id(token.content) == nil {
                try vocabulary.insert(Array(token.content.utf8), id: vocabulary.size, path: path)
            }
            if let id = vocabulary.id(token.content) { added.append((token, id)) }
        }
        return added
    }
}

extension Vocabulary {
    /// Reads a file with a token a line. Lines end with LF or CRLF; white space within them belongs to the token.
    fileprivate init(linesOf path: String) throws(TokenizerError) {
        self.init()
        var lines = try TokenizerFile.read(path).split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else {
            throw .malformedFile(path: path, reason: "the vocabulary is empty; expected a token a line")
        }
        for (id, line) in lines.enumerated() {
            let token = line.last == 0x0D ? line.dropLast() : line
            if token.isEmpty { continue }  // No text has an empty word: the line only takes up its id.
            if let first = self.id(Array(token)) {
                throw .duplicateToken(
                    path: path,
                    token: String(decoding: token, as: UTF8.self),
                    detail: "is there twice, in lines \(first + 1) and \(id + 1)"
                )
            }
            try insert(Array(token), id: id, path: path)
        }
    }
}
