import JSON
import ModelFiles

extension TokenizerParts {
    /// Reads a `tokenizer.json`, the file of Hugging Face's `tokenizers`, as it stands. Its sections `truncation` and
    /// `padding` are ignored but for the side and the token, because each request has its own options.
    init(
        tokenizerJSON file: JSONSection,
        configuration: TokenizerConfiguration,
        tokens: FolderTokens
    ) throws(ModelError) {
        let path = file.path
        if let version = try file.optionalString("version"), version != "1.0" {
            throw .wrongValue(file: path, key: "version", found: version, expected: "1.0")
        }
        let model = try file.model()
        let words = try Vocabulary(try model.object("vocab"))
        var vocabulary = words
        var added = AddedTokenList(model: words)
        try added.add(try file.addedTokens().map(\.token), to: &vocabulary, path: path)
        try added.add(tokens.additions(to: added.tokens.map(\.token)), to: &vocabulary, path: path)
        let unknown = words.unknown(try model.string("unk_token"), among: vocabulary, path: path)
        let wordPiece = try WordPiece(
            vocabulary: words,
            unknownID: unknown.id,
            continuingPrefix: try model.string("continuing_subword_prefix"),
            maximumWordLength: try model.integer("max_input_chars_per_word", in: 0...Int.max),
            path: path
        )
        let template =
            if configuration.tokenizerClass.isBert {
                try SequenceTemplate(bertTokens: tokens, vocabulary: vocabulary, path: path)
            } else {
                try SequenceTemplate(file, vocabulary: vocabulary)
            }
        self.init(
            path: path,
            vocabulary: vocabulary,
            model: .wordPiece(wordPiece),
            normalizer: try Normalizer(file),
            preTokenizer: try PreTokenizer(file),
            postProcessor: template,
            givesTokenTypes: configuration.givesTokenTypes,
            decoder: try Decoder(file),
            cleansUpDecoded: configuration.cleansUpDecoded,
            addedTokens: added.tokens,
            splitsSpecialTokens: configuration.splitsSpecialTokens,
            padTokenID: vocabulary.id(tokens["pad_token"]?.content ?? "[PAD]") ?? 0,
            maskTokenID: vocabulary.id(tokens["mask_token"]?.content ?? "[MASK]"),
            unknownTokenID: tokens["unk_token"].flatMap { vocabulary.id($0.content) },
            modelMaxLength: configuration.modelMaxLength,
            truncationDirection: configuration.truncationDirection ?? .right,
            warnings: configuration.warnings + tokens.warnings(added: added) + unknown.warnings
        )
    }
}

extension JSONSection {
    /// The section `model`, which must be a WordPiece model.
    func model() throws(ModelError) -> JSONSection {
        let model = try object("model")
        if model.optional("type") != nil { try model.requireType("WordPiece") }
        return model
    }

    /// The section `added_tokens`: tokens with the ids that the file gives them.
    func addedTokens() throws(ModelError) -> [(id: Int, token: AddedToken)] {
        guard optional("added_tokens") != nil else { return [] }
        return try objects("added_tokens").map { section throws(ModelError) in
            (try section.integer("id", in: 0...Vocabulary.maximumID), try AddedToken(section))
        }
    }
}

extension Vocabulary {
    /// Reads the section `model.vocab`: an object with the id of each token.
    init(_ section: JSONSection) throws(ModelError) {
        guard !section.members.members.isEmpty else {
            throw .wrongValue(file: section.path, key: section.key, found: "empty", expected: "tokens with their ids")
        }
        self.init(capacity: section.members.count)
        for member in section.members.members {
            guard case .number(let text) = member.value, let id = Int(text) else {
                throw section.wrong(member.key, member.value, expected: "an id from 0 to \(Self.maximumID)")
            }
            try insert(ArraySlice(member.key.utf8), id: id, path: section.path)
        }
    }
}
