import JSON

extension TokenizerParts {
    /// Reads a `tokenizer.json`, the file of Hugging Face's `tokenizers`. Its sections `truncation` and `padding` are
    /// left alone: each request says for itself what it wants.
    ///
    /// - Parameter configuration: what the files beside it say; only its padding token and length are made use of, and
    ///   its normalizer where that counts more.
    init(tokenizerJSON path: String, configuration: TokenizerConfiguration) throws(TokenizerError) {
        let file = try TokenizerFile.readObject(path)
        if let version = try file.optionalString("version"), version != "1.0" {
            throw .unsupported(path: path, key: "version", found: version, supported: "1.0")
        }
        let normalizer = configuration.replacesNormalizer ? configuration.normalizer : try Normalizer(file)
        guard let preTokenizer = try file.optionalObject("pre_tokenizer") else {
            throw .unsupported(path: path, key: "pre_tokenizer", found: "none", supported: "BertPreTokenizer")
        }
        try preTokenizer.requireType("BertPreTokenizer")

        let model = try file.object("model")
        if model.optional("type") != nil { try model.requireType("WordPiece") }
        var vocabulary = try Vocabulary(try model.object("vocab"))
        let wordPiece = try WordPiece(
            vocabulary: vocabulary,
            unknownToken: try model.string("unk_token"),
            continuingPrefix: try model.string("continuing_subword_prefix"),
            maximumWordLength: try model.integer("max_input_chars_per_word", in: 1...1_000_000),
            path: path
        )
        let added = try vocabulary.addTokens(of: file)
        guard let padTokenID = vocabulary.id(configuration.paddingToken.content) else {
            throw .missingToken(path: path, token: configuration.paddingToken.content, role: "the padding token")
        }
        self.init(
            path: path,
            vocabulary: vocabulary,
            wordPiece: wordPiece,
            normalizer: normalizer,
            template: try SequenceTemplate(file, vocabulary: vocabulary),
            decoder: try WordPieceDecoder(file),
            addedTokens: added,
            padTokenID: padTokenID,
            maskTokenID: vocabulary.id(configuration.maskToken.content),
            modelMaxLength: configuration.modelMaxLength,
            truncationDirection: configuration.truncationDirection
        )
    }
}

extension Normalizer {
    /// The section `normalizer`: null, a `BertNormalizer`, or a `Sequence` of one.
    fileprivate init(_ file: FileSection) throws(TokenizerError) {
        guard var section = try file.optionalObject("normalizer") else {
            self = .identity
            return
        }
        try section.requireType("BertNormalizer", "Sequence")
        if try section.string("type") == "Sequence" {
            let steps = try section.objects("normalizers")
            guard let only = steps.first, steps.count == 1 else {
                throw .unsupported(
                    path: file.path,
                    key: "normalizer.normalizers",
                    found: "\(steps.count) normalizers",
                    supported: "one BertNormalizer"
                )
            }
            section = only
            try section.requireType("BertNormalizer")
        }
        let lowercase = try section.boolean("lowercase")
        self.init(
            cleanText: try section.boolean("clean_text"),
            handleChineseChars: try section.boolean("handle_chinese_chars"),
            stripAccents: try section.optionalBoolean("strip_accents") ?? lowercase,
            lowercase: lowercase
        )
    }
}

extension Vocabulary {
    /// The section `model.vocab`: an object of token to id.
    fileprivate init(_ section: FileSection) throws(TokenizerError) {
        self.init()
        guard !section.object.members.isEmpty else {
            throw .invalidValue(path: section.path, key: section.key, found: "empty", expected: "tokens with their ids")
        }
        for member in section.object.members {
            guard case .number(let text) = member.value, let id = Int(text) else {
                throw section.invalid(member.key, member.value, expected: "an id from 0 to \(Self.maximumID)")
            }
            try insert(Array(member.key.utf8), id: id, path: section.path)
        }
    }

    /// Reads the section `added_tokens`, and puts those tokens into the vocabulary that it doesn't have.
    ///
    /// `tokenizers` doesn't heed the ids of the file: it gives new tokens the next free ones. A file that says
    /// otherwise is refused.
    fileprivate mutating func addTokens(
        of file: FileSection
    ) throws(TokenizerError) -> [(token: AddedToken, id: Int32)] {
        guard file.optional("added_tokens") != nil else { return [] }
        var added: [(token: AddedToken, id: Int32)] = []
        var addedIDs: Set<Int> = []
        var nextID = tokenCount
        for section in try file.objects("added_tokens") {
            let token = AddedToken(
                try section.string("content"),
                isSpecial: try section.boolean("special"),
                singleWord: try section.boolean("single_word"),
                stripsLeft: try section.boolean("lstrip"),
                stripsRight: try section.boolean("rstrip"),
                isNormalized: try section.boolean("normalized")
            )
            if token.content.isEmpty {
                throw section.invalid("content", .string(""), expected: "a token that is not empty")
            }
            let id = try section.integer("id", in: 0...Self.maximumID)
            guard addedIDs.insert(id).inserted else {
                throw .duplicateToken(path: file.path, token: token.content, detail: "its id \(id) is added twice")
            }
            let expected = self.id(token.content).map(Int.init) ?? nextID
            guard id == expected else {
                throw .invalidValue(
                    path: file.path,
                    key: section.fullKey("id"),
                    found: "\(id)",
                    expected: "\(expected), the id of \(token.content)"
                )
            }
            if self.id(token.content) == nil {
                try insert(Array(token.content.utf8), id: id, path: file.path)
                nextID += 1
            }
            added.append((token, Int32(id)))
        }
        // Special tokens are looked for first, where one text is that of two once normalized.
        return added.filter(\.token.isSpecial) + added.filter { !$0.token.isSpecial }
    }
}

extension WordPieceDecoder {
    /// The section `decoder`; nil when it is null.
    fileprivate init?(_ file: FileSection) throws(TokenizerError) {
        guard let section = try file.optionalObject("decoder") else { return nil }
        try section.requireType("WordPiece")
        self.init(prefix: Array(try section.string("prefix").utf8), cleansUp: try section.boolean("cleanup"))
    }
}
