import JSON
import ModelFiles

/// What the small files of a folder say about its tokenizer: tokenizer_config.json, and config.json for the class.
struct TokenizerConfiguration: Sendable {
    /// What the class makes of the files.
    var tokenizerClass = TokenizerClass.bert
    /// Whether the model gets token types from the tokenizer (`model_input_names`). If not, it takes all as 0.
    var givesTokenTypes = true
    /// Whether text is converted to lower case (`do_lower_case`).
    var lowercase = true
    /// Whether accents are stripped (`strip_accents`); nil to strip them if text is converted to lower case.
    var stripAccents: Bool?
    /// Whether each CJK ideograph is a word of its own (`tokenize_chinese_chars`).
    var tokenizeChineseChars = true
    /// Whether special tokens that stand in a text are split like other words (`split_special_tokens`).
    var splitsSpecialTokens = false
    /// Whether decoded texts lose the spaces that are not written in English (`clean_up_tokenization_spaces`).
    var cleansUpDecoded = false
    /// The most tokens that the model takes (`model_max_length`, in old files `max_len`); nil for no limit.
    var modelMaxLength: Int?
    /// The side from which tokens are removed when a text is too long (`truncation_side`); nil if no file says it.
    var truncationDirection: TruncationDirection?
    /// The special tokens that the tokenizer has where the files name no others, by their keys.
    var defaultTokens: [(String, String)] = []
    /// What the files hold that has no effect, for an operator.
    var warnings: [String] = []

    /// The prefix of tokens that continue a word.
    static let continuingPrefix = "##"

    /// The defaults of `BertTokenizer`, for uncased models.
    init() {}

    /// The normalizer that the flags describe.
    var normalizer: BertNormalizer {
        BertNormalizer(
            cleanText: true,
            handleChineseChars: tokenizeChineseChars,
            stripAccents: stripAccents ?? lowercase,
            lowercase: lowercase
        )
    }
}

extension TokenizerConfiguration {
    /// A `model_max_length` of at least this means no limit; files on the Hub have 1e30.
    private static let noLimit = 1e15
    private static let classKey = "tokenizer_class"

    /// Reads a folder's files.
    ///
    /// - Parameters:
    ///   - settings: tokenizer_config.json; nil if there is none.
    ///   - tokenizerJSON: tokenizer.json; nil if there is none.
    init(directory: String, settings: JSONSection?, tokenizerJSON: JSONSection?) throws(ModelError) {
        try readClass(directory: directory, settings: settings, hasTokenizerJSON: tokenizerJSON != nil)
        if tokenizerClass.isBert {
            defaultTokens = TokenizerParts.bertTokens
        } else if let pad = try tokenizerJSON?.optionalObject("padding")?.optionalString("pad_token") {
            defaultTokens = [("pad_token", pad)]
        }
        if let settings {
            try readLimits(settings)
            splitsSpecialTokens = try settings.optionalBoolean("split_special_tokens") ?? false
            cleansUpDecoded = settings.optional("clean_up_tokenization_spaces")?.isTrueInPython ?? false
            if tokenizerClass.parts == .bert { try readFlags(settings) }
            try readInputNames(settings)
        }
        if let side = try tokenizerJSON?.optionalObject("truncation")?.optionalString("direction") {
            truncationDirection = truncationDirection ?? TruncationDirection(rawValue: side.lowercased())
        }
    }

    private mutating func readClass(
        directory: String,
        settings: JSONSection?,
        hasTokenizerJSON: Bool
    ) throws(ModelError) {
        let modelPath = ModelFile.configuration.path(in: directory)
        let model = OpenFile.exists(modelPath) ? try TokenizerFile.readObject(modelPath) : nil
        let hasFamily = model?.contains("model_type") == true
        var name = try settings?.optionalString(Self.classKey)
        if name?.isEmpty != false { name = try model?.optionalString(Self.classKey) ?? name }
        guard let name else {
            if hasTokenizerJSON, !hasFamily { tokenizerClass = .general }
            givesTokenTypes = tokenizerClass.givesTokenTypes
            return
        }
        tokenizerClass = TokenizerClass(named: name, hasTokenizerJSON: hasTokenizerJSON, hasFamily: hasFamily)
        givesTokenTypes = tokenizerClass.givesTokenTypes
        if tokenizerClass == .unknown || tokenizerClass == .general, !hasTokenizerJSON {
            throw .wrongValue(
                file: settings?.optional(Self.classKey) == .string(name) ? settings?.path ?? modelPath : modelPath,
                key: Self.classKey,
                found: "\"\(name)\" without a \(ModelFile.tokenizer.name)",
                expected: "BertTokenizer or a class like it, for a \(ModelFile.vocabulary.name) alone"
            )
        }
        if tokenizerClass == .unknown {
            warnings.append("\(Self.classKey) is \(quoted(name)): \(ModelFile.tokenizer.name) is used as it stands")
        }
    }

    private mutating func readInputNames(_ file: JSONSection) throws(ModelError) {
        let key = "model_input_names"
        guard file.members[key] != nil else { return }
        givesTokenTypes = try file.array(key).contains(.string("token_type_ids"))
    }

    private mutating func readLimits(_ file: JSONSection) throws(ModelError) {
        let key = file.members["model_max_length"] == nil ? "max_len" : "model_max_length"
        if let value = file.optional(key) {
            guard case .number(let text) = value, let number = Double(text), number == number.rounded() else {
                throw file.wrong(key, value, expected: "a whole number of tokens")
            }
            if number < 1 {
                warnings.append("\(file.path): \(key) is \(text), so inputs have no limit of the tokenizer's")
            }
            modelMaxLength = number < 1 || number >= Self.noLimit ? nil : Int(number)
        }
        if let side = try file.optionalString("truncation_side") {
            guard let direction = TruncationDirection(rawValue: side) else {
                throw file.wrong("truncation_side", .string(side), expected: "\"right\" or \"left\"")
            }
            truncationDirection = direction
        }
    }

    private mutating func readFlags(_ file: JSONSection) throws(ModelError) {
        if tokenizerClass.obeysLowercase { lowercase = try file.optionalBoolean("do_lower_case") ?? lowercase }
        stripAccents = try file.optionalBoolean("strip_accents")
        tokenizeChineseChars = try file.optionalBoolean("tokenize_chinese_chars") ?? tokenizeChineseChars
        // They are the slow tokenizers', which transformers makes no more.
        let defaults: [(key: String, value: JSONValue)] = [
            ("do_basic_tokenize", .boolean(true)), ("clean_text", .boolean(true)), ("never_split", .array([])),
            ("wordpieces_prefix", .string(Self.continuingPrefix)),
        ]
        let ignored = defaults.filter { key, value in file.optional(key).map { $0 != value } ?? false }.map(\.key)
        if !ignored.isEmpty {
            warnings.append("\(file.path): \(ignored.joined(separator: ", ")): ignored, as transformers does")
        }
    }
}
