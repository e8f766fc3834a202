import JSON
import ModelFiles

extension TokenizerParts {
    /// The special tokens of `BertTokenizer`, by their keys.
    static let bertTokens = [
        ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
        ("mask_token", "[MASK]"),
    ]

    /// Makes the parts of `BertTokenizer` of transformers 5, for a vocabulary from tokenizer.json or vocab.txt.
    ///
    /// - Parameters:
    ///   - model: The vocabulary without added tokens.
    ///   - path: Its file.
    init(
        bertVocabulary model: Vocabulary,
        path: String,
        configuration: TokenizerConfiguration,
        tokens: FolderTokens
    ) throws(ModelError) {
        var vocabulary = model
        var added = AddedTokenList(model: model)
        try added.add(tokens.additions(to: []), to: &vocabulary, path: path)
        let unknown = model.unknown(tokens["unk_token"]?.content ?? "[UNK]", among: vocabulary, path: path)
        self.init(
            path: path,
            vocabulary: vocabulary,
            model: .wordPiece(
                try WordPiece(
                    vocabulary: model,
                    unknownID: unknown.id,
                    continuingPrefix: TokenizerConfiguration.continuingPrefix,
                    maximumWordLength: WordPiece.defaultMaximumWordLength,
                    path: path
                )
            ),
            normalizer: .bert(configuration.normalizer),
            preTokenizer: PreTokenizer(steps: [.bert]),
            postProcessor: try SequenceTemplate(bertTokens: tokens, vocabulary: vocabulary, path: path),
            givesTokenTypes: configuration.givesTokenTypes,
            decoder: .steps([
                .wordPiece(
                    WordPieceDecoder(prefix: Array(TokenizerConfiguration.continuingPrefix.utf8), cleansUp: true)
                )
            ]),
            cleansUpDecoded: configuration.cleansUpDecoded,
            addedTokens: added.tokens,
            splitsSpecialTokens: configuration.splitsSpecialTokens,
            // Padding has no weight, so without a token any id will do.
            padTokenID: tokens["pad_token"].flatMap { vocabulary.id($0.content) } ?? 0,
            maskTokenID: tokens["mask_token"].flatMap { vocabulary.id($0.content) },
            unknownTokenID: tokens["unk_token"].flatMap { vocabulary.id($0.content) },
            modelMaxLength: configuration.modelMaxLength,
            truncationDirection: configuration.truncationDirection ?? .right,
            warnings: configuration.warnings + tokens.warnings(added: added) + unknown.warnings
        )
    }

    /// Adds a warning if tokenizer.json asks for other parts than `BertTokenizer` makes, because they are not used.
    mutating func warnOfUnused(_ file: JSONSection) throws(ModelError) {
        var unused: [String] = []
        if (try? Normalizer(file))?.bert != normalizer.bert { unused.append("normalizer") }
        if (try? PreTokenizer(file))?.isBert != true { unused.append("pre_tokenizer") }
        let model = try file.object("model")
        if (try? model.integer("max_input_chars_per_word", in: 0...Int.max)) != WordPiece.defaultMaximumWordLength {
            unused.append("model.max_input_chars_per_word")
        }
        if model.optional("continuing_subword_prefix") != .string(TokenizerConfiguration.continuingPrefix) {
            unused.append("model.continuing_subword_prefix")
        }
        if (try? SequenceTemplate(file, vocabulary: vocabulary)) != postProcessor { unused.append("post_processor") }
        guard !unused.isEmpty else { return }
        warnings.append(
            "\(file.path): \(unused.joined(separator: ", ")): not used; BertTokenizer makes its own, from "
                + ModelFile.tokenizerSettings.name + ", as in transformers 5"
        )
    }
}

extension SequenceTemplate {
    /// The template that `BertTokenizer` makes from its special tokens.
    init(bertTokens tokens: FolderTokens, vocabulary: Vocabulary, path: String) throws(ModelError) {
        func id(_ key: String, role: String, whereNull fallback: Int32) throws(ModelError) -> Int32 {
            let id = tokens[key].map { vocabulary.id($0.content) } ?? fallback
            guard let id, vocabulary.token(id) != nil else {
                throw .missingToken(file: path, token: tokens[key]?.content ?? key, role: role)
            }
            return id
        }
        // `BertTokenizer` falls back to these ids.
        self = .bert(
            classifierID: try id("cls_token", role: "the token before a text", whereNull: 2),
            separatorID: try id("sep_token", role: "the token after a text", whereNull: 3)
        )
    }
}

extension Vocabulary {
    /// Finds the token for words without pieces in a model's own vocabulary, or else among the added tokens.
    ///
    /// - Parameter vocabulary: The model's tokens with those added to it.
    /// - Returns: The id, and a warning if it is no token of the model; then transformers fails at such words.
    func unknown(
        _ token: String,
        among vocabulary: Vocabulary,
        path: String
    ) -> (id: Int32?, warnings: [String]) {
        if let id = id(token) { return (id, []) }
        guard let id = vocabulary.id(token) else {
            let consequence = "texts with a word without pieces are refused, as in transformers"
            return (nil, ["\(path): no \(quoted(token)): \(consequence)"])
        }
        let consequence = "words without pieces get its id \(id) as an added token; transformers fails at such words"
        return (id, ["\(path): no \(quoted(token)): \(consequence)"])
    }

    /// Reads a file with a token on each line, as `WordPiece::read_file` of `tokenizers` does. Lines end with LF or
    /// CRLF. White space at a line's end does not count, a byte order mark belongs to the first token, and of equal
    /// lines the last gives the id. Empty lines, all of them, are one token, which no text has.
    init(linesOf path: String) throws(ModelError) {
        var lines = try TokenizerFile.read(path).split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else {
            throw .malformed(file: path, place: "file", found: "an empty vocabulary", expected: "a token on each line")
        }
        self.init(capacity: lines.count)
        for (id, line) in lines.enumerated() {
            try insert(line.prefix(Self.trimmedLength(line.span)), id: id, path: path)
        }
    }

    /// The number of bytes before the white space at the end of a line.
    private static func trimmedLength(_ line: Span<UInt8>) -> Int {
        var end = line.count
        while end > 0 {
            let (scalar, length) = UTF8Bytes.scalar(in: line, endingAt: end)
            guard ScalarProperties(of: scalar).contains(.whiteSpace) else { break }
            end -= length
        }
        return end
    }
}
