import ModelFiles

/// The parts of a tokenizer, read from files and checked.
struct TokenizerParts {
    /// The file that errors name.
    var path: String
    /// All tokens, added ones included.
    var vocabulary: Vocabulary
    var wordPiece: WordPiece
    var normalizer: Normalizer
    var template: SequenceTemplate
    /// The decoder; nil to join tokens by spaces.
    var decoder: WordPieceDecoder?
    /// The added tokens in the order in which they were added.
    var addedTokens: [(token: AddedToken, id: Int32)]
    var padTokenID: Int32
    var maskTokenID: Int32?
    var modelMaxLength: Int?
    var truncationDirection: TruncationDirection
}

extension TokenizerParts {
    /// Reads the files of a model folder: `tokenizer.json` if it is there, otherwise `vocab.txt`, and in addition
    /// `tokenizer_config.json` and `special_tokens_map.json` if they are there.
    init(directory: String) throws(ModelError) {
        let tokenizerJSON = ModelFile.tokenizer.path(in: directory)
        let vocabularyFile = ModelFile.vocabulary.path(in: directory)
        if OpenFile.exists(tokenizerJSON) {
            let configuration = try TokenizerConfiguration(directory: directory, isComplete: false)
            try self.init(tokenizerJSON: tokenizerJSON, configuration: configuration)
        } else if OpenFile.exists(vocabularyFile) {
            let configuration = try TokenizerConfiguration(directory: directory, isComplete: true)
            try self.init(vocabularyFile: vocabularyFile, configuration: configuration)
        } else {
            throw .noTokenizer(directory: directory)
        }
    }
}

extension TokenizerParts {
    /// Reads a `vocab.txt`. Each line is a token, and its id is the line's number, from 0 on.
    init(vocabularyFile path: String, configuration: TokenizerConfiguration) throws(ModelError) {
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
        func id(_ token: AddedToken, _ role: String) throws(ModelError) -> Int32 {
            guard let id = model.id(token.content) else {
                throw .missingToken(file: path, token: token.content, role: role)
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
    /// The added tokens with their ids. Tokens that are new to the vocabulary are put at its end.
    fileprivate func addTokens(
        to vocabulary: inout Vocabulary,
        path: String
    ) throws(ModelError) -> [(token: AddedToken, id: Int32)] {
        var added: [(token: AddedToken, id: Int32)] = []
        var contents: Set<[UInt8]> = []
        for (id, token) in addedTokens.sorted(by: { $0.key < $1.key }) {
            if let known = vocabulary.id(token.content) {
                guard Int(known) == id else {
                    throw .duplicateToken(
                        file: path,
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
    /// Reads a file with a token on each line. Lines end with LF or CRLF. White space in a line belongs to the token.
    fileprivate init(linesOf path: String) throws(ModelError) {
        self.init()
        var lines = try TokenizerFile.read(path).split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else {
            throw .malformed(file: path, place: "file", found: "an empty vocabulary", expected: "a token on each line")
        }
        for (id, line) in lines.enumerated() {
            let token = line.last == 0x0D ? line.dropLast() : line
            if token.isEmpty { continue }  // No text has an empty word, so an empty line only takes up its id.
            if let first = self.id(Array(token)) {
                throw .duplicateToken(
                    file: path,
                    token: String(decoding: token, as: UTF8.self),
                    detail: "is there twice, in lines \(first + 1) and \(id + 1)"
                )
            }
            try insert(Array(token), id: id, path: path)
        }
    }
}
