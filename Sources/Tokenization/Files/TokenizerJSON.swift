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
        guard let preTokenizer = try file.optionalObject("pre_tokenizer") else {
            throw .wrongValue(file: path, key: "pre_tokenizer", found: "none", expected: "BertPreTokenizer")
        }
        try preTokenizer.requireType("BertPreTokenizer")

        let model = try file.model()
        var words = try Vocabulary(try model.object("vocab"))
        var vocabulary = words
        var added = AddedTokenList(model: words)
        let present = try file.addedTokens().map(\.token)
        try added.add(present, to: &vocabulary, path: path)
        try added.add(tokens.additions(to: present), to: &vocabulary, path: path)
        let unknown = try model.string("unk_token")
        let warning = try words.addUnknown(unknown, of: vocabulary, path: path)
        let wordPiece = try WordPiece(
            vocabulary: words,
            unknownToken: unknown,
            continuingPrefix: try model.string("continuing_subword_prefix"),
            maximumWordLength: try model.integer("max_input_chars_per_word", in: 1...1_000_000),
            path: path
        )
        self.init(
            path: path,
            vocabulary: vocabulary,
            wordPiece: wordPiece,
            normalizer: try Normalizer(file),
            template: try SequenceTemplate(file, vocabulary: vocabulary),
            decoder: try WordPieceDecoder(file),
            addedTokens: added.tokens,
            splitsSpecialTokens: configuration.splitsSpecialTokens,
            padTokenID: vocabulary.id(tokens["pad_token"]?.content ?? "[PAD]") ?? 0,
            maskTokenID: vocabulary.id(tokens["mask_token"]?.content ?? "[MASK]"),
            modelMaxLength: configuration.modelMaxLength,
            truncationDirection: configuration.truncationDirection ?? .right,
            warnings: configuration.warnings + tokens.warnings(added: added) + (warning.map { [$0] } ?? [])
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

extension Normalizer {
    /// Reads the section `normalizer`: null, a `BertNormalizer`, or a `Sequence` of one.
    init(_ file: JSONSection) throws(ModelError) {
        guard var section = try file.optionalObject("normalizer") else {
            self = .identity
            return
        }
        try section.requireType("BertNormalizer", "Sequence")
        if try section.string("type") == "Sequence" {
            let steps = try section.objects("normalizers")
            guard let only = steps.first, steps.count == 1 else {
                throw .wrongValue(
                    file: file.path,
                    key: "normalizer.normalizers",
                    found: "\(steps.count) normalizers",
                    expected: "one BertNormalizer"
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
    /// Reads the section `model.vocab`: an object with the id of each token.
    init(_ section: JSONSection) throws(ModelError) {
        self.init()
        guard !section.members.members.isEmpty else {
            throw .wrongValue(file: section.path, key: section.key, found: "empty", expected: "tokens with their ids")
        }
        for member in section.members.members {
            guard case .number(let text) = member.value, let id = Int(text) else {
                throw section.wrong(member.key, member.value, expected: "an id from 0 to \(Self.maximumID)")
            }
            try insert(Array(member.key.utf8), id: id, path: section.path)
        }
    }
}

extension WordPieceDecoder {
    /// Reads the section `decoder`; nil when it is null.
    fileprivate init?(_ file: JSONSection) throws(ModelError) {
        guard let section = try file.optionalObject("decoder") else { return nil }
        try section.requireType("WordPiece")
        self.init(prefix: Array(try section.string("prefix").utf8), cleansUp: try section.boolean("cleanup"))
    }
}

extension SequenceTemplate {
    /// The largest accepted segment id. Models have two.
    private static let maximumTypeID = 1 << 16

    /// Reads the section `post_processor`: null, a `TemplateProcessing` or a `BertProcessing`.
    init(_ file: JSONSection, vocabulary: Vocabulary) throws(ModelError) {
        guard let section = try file.optionalObject("post_processor") else {
            self = .bare
            return
        }
        try section.requireType("TemplateProcessing", "BertProcessing")
        if try section.string("type") == "BertProcessing" {
            self = .bert(
                classifierID: try section.tokenWithID("cls", vocabulary: vocabulary),
                separatorID: try section.tokenWithID("sep", vocabulary: vocabulary)
            )
            return
        }
        single = try Self.parts(section, "single", vocabulary: vocabulary)
        pair = try Self.parts(section, "pair", vocabulary: vocabulary)
        try Self.check(single, texts: 1, pairs: 0, section, "single")
        try Self.check(pair, texts: 1, pairs: 1, section, "pair")
    }

    /// Throws unless the template has each text exactly once. Otherwise truncation would be undefined.
    private static func check(
        _ parts: [Part],
        texts: Int,
        pairs: Int,
        _ section: JSONSection,
        _ name: String
    ) throws(ModelError) {
        var found = (texts: 0, pairs: 0)
        for part in parts {
            switch part {
            case .special: break
            case .text: found.texts += 1
            case .pair: found.pairs += 1
            }
        }
        guard found == (texts, pairs) else {
            throw .wrongValue(
                file: section.path,
                key: section.fullKey(name),
                found: "sequence A \(found.texts) times and B \(found.pairs) times",
                expected: "A \(texts) time and B \(pairs) time\(pairs == 1 ? "" : "s")"
            )
        }
    }

    private static func parts(
        _ section: JSONSection,
        _ name: String,
        vocabulary: Vocabulary
    ) throws(ModelError) -> [Part] {
        let specialTokens = try section.object("special_tokens")
        var parts: [Part] = []
        for piece in try section.objects(name) {
            if let sequence = try piece.optionalObject("Sequence") {
                let typeID = Int32(try sequence.integer("type_id", in: 0...maximumTypeID))
                switch try sequence.string("id") {
                case "A": parts.append(.text(typeID: typeID))
                case "B": parts.append(.pair(typeID: typeID))
                case let id: throw sequence.wrong("id", .string(id), expected: "\"A\" or \"B\"")
                }
            } else {
                let special = try piece.object("SpecialToken")
                let typeID = Int32(try special.integer("type_id", in: 0...maximumTypeID))
                let ids = try specialTokens.object(try special.string("id")).ids(vocabulary: vocabulary)
                parts.append(.special(ids: ids, typeID: typeID))
            }
        }
        return parts
    }
}

extension JSONSection {
    /// The ids of a template's special token. Each must be in the vocabulary.
    fileprivate func ids(vocabulary: Vocabulary) throws(ModelError) -> [Int32] {
        var ids: [Int32] = []
        for element in try array("ids") {
            guard case .number(let text) = element, let id = Int32(text), vocabulary.token(id) != nil else {
                throw wrong("ids", element, expected: "ids that are in the vocabulary")
            }
            ids.append(id)
        }
        return ids
    }

    /// Reads a token with its id, such as `["[CLS]", 101]`.
    fileprivate func tokenWithID(_ name: String, vocabulary: Vocabulary) throws(ModelError) -> Int32 {
        let expected = "an array of a token and its id in the vocabulary"
        let elements = try array(name)
        guard elements.count == 2, case .string(let token) = elements[0], case .number(let text) = elements[1],
            let id = Int32(text), vocabulary.id(token) == id
        else { throw wrong(name, .array(elements), expected: expected) }
        return id
    }
}
