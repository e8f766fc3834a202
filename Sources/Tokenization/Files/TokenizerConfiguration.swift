import JSON
import ModelFiles

/// The settings of `tokenizer_config.json` and `special_tokens_map.json` for a `vocab.txt`.
struct TokenizerConfiguration: Sendable, Equatable {
    /// Whether text is converted to lower case (`do_lower_case`).
    var lowercase: Bool
    /// Whether accents are stripped (`strip_accents`); nil to strip them if text is converted to lower case.
    var stripAccents: Bool?
    /// Whether each CJK ideograph is a word of its own (`tokenize_chinese_chars`).
    var tokenizeChineseChars: Bool
    /// The most tokens that the model takes (`model_max_length`); nil for no limit.
    var modelMaxLength: Int?
    /// The side from which tokens are removed when a text is too long (`truncation_side`).
    var truncationDirection: TruncationDirection
    /// The token for a word that has no pieces (`unk_token`).
    var unknownToken: AddedToken
    /// The token after each text (`sep_token`).
    var separatorToken: AddedToken
    /// The padding token (`pad_token`).
    var paddingToken: AddedToken
    /// The token before a text (`cls_token`).
    var classifierToken: AddedToken
    /// The mask token (`mask_token`).
    var maskToken: AddedToken
    /// Further special tokens (`additional_special_tokens`).
    var additionalTokens: [AddedToken]
    /// Tokens by id (`added_tokens_decoder`). They may include tokens named above.
    var addedTokens: [Int: AddedToken]

    /// Whether the flags replace the normalizer of a `tokenizer.json`.
    var replacesNormalizer = false

    /// The prefix of tokens that continue a word.
    static let continuingPrefix = "##"

    /// The defaults of `BertTokenizer`, for uncased models.
    init() {
        lowercase = true
        stripAccents = nil
        tokenizeChineseChars = true
        modelMaxLength = nil
        truncationDirection = .right
        unknownToken = AddedToken("[UNK]")
        separatorToken = AddedToken("[SEP]")
        paddingToken = AddedToken("[PAD]")
        classifierToken = AddedToken("[CLS]")
        maskToken = AddedToken("[MASK]")
        additionalTokens = []
        addedTokens = [:]
    }

    /// The normalizer that the flags describe.
    var normalizer: Normalizer {
        Normalizer(
            cleanText: true,
            handleChineseChars: tokenizeChineseChars,
            stripAccents: stripAccents ?? lowercase,
            lowercase: lowercase
        )
    }
}

extension TokenizerConfiguration {
    /// The tokenizer classes of `transformers` whose behaviour is implemented exactly.
    private static let supportedClasses = [
        "BertTokenizer", "MobileBertTokenizer", "DistilBertTokenizer", "ElectraTokenizer",
    ]
    /// A `model_max_length` of at least this means no limit; files on the Hub have 1e30.
    private static let noLimit = 1e15

    /// Reads the two files of a folder, if they are there.
    ///
    /// - Parameter isComplete: False if there is a `tokenizer.json`, which says how text is treated. Then these files
    ///   give only settings that it cannot have: the length, the side of truncation and the names of special tokens. As
    ///   an exception, if they have `do_lower_case` and one of BERT's classes, their flags replace the normalizer, as
    ///   in `transformers`.
    init(directory: String, isComplete: Bool) throws(ModelError) {
        self.init()
        let configPath = ModelFile.tokenizerSettings.path(in: directory)
        let mapPath = ModelFile.specialTokens.path(in: directory)
        let config = OpenFile.exists(configPath) ? try TokenizerFile.readObject(configPath) : nil
        let map = OpenFile.exists(mapPath) ? try TokenizerFile.readObject(mapPath) : nil
        if let config {
            try readLimits(config)
            if isComplete {
                try readTreatment(config)
            } else if config.optional("do_lower_case") != nil, Self.supports(try config.optionalString(Self.classKey)) {
                try readFlags(config)
                replacesNormalizer = true
            }
        }
        func token(_ name: String, _ fallback: AddedToken) throws(ModelError) -> AddedToken {
            let first = try config?.specialToken(name)
            let second = try map?.specialToken(name)
            if let config, let first, let second, !first.content.utf8.elementsEqual(second.content.utf8) {
                throw .wrongValue(
                    file: config.path,
                    key: name,
                    found: "\"\(first.content)\"",
                    expected: "\"\(second.content)\", as \(mapPath) has it"
                )
            }
            return first ?? second ?? fallback
        }
        unknownToken = try token("unk_token", unknownToken)
        separatorToken = try token("sep_token", separatorToken)
        paddingToken = try token("pad_token", paddingToken)
        classifierToken = try token("cls_token", classifierToken)
        maskToken = try token("mask_token", maskToken)
        var contents: Set<[UInt8]> = []
        for file in [config, map] {
            guard let file, file.optional("additional_special_tokens") != nil else { continue }
            for (index, element) in try file.array("additional_special_tokens").enumerated() {
                let token = try AddedToken(element, in: file, key: "additional_special_tokens[\(index)]")
                if contents.insert(Array(token.content.utf8)).inserted { additionalTokens.append(token) }
            }
        }
    }

    private mutating func readLimits(_ file: JSONSection) throws(ModelError) {
        modelMaxLength = try Self.modelMaxLength(file)
        if let side = try file.optionalString("truncation_side") {
            guard let direction = TruncationDirection(rawValue: side) else {
                throw file.wrong("truncation_side", .string(side), expected: "\"right\" or \"left\"")
            }
            truncationDirection = direction
        }
    }

    private static let classKey = "tokenizer_class"

    /// Whether a class of `transformers` is supported. Without a name it is the model's class, which is.
    private static func supports(_ name: String?) -> Bool {
        name.map { name in supportedClasses.contains { $0 == name || $0 + "Fast" == name } } ?? true
    }

    private mutating func readFlags(_ file: JSONSection) throws(ModelError) {
        lowercase = try file.optionalBoolean("do_lower_case") ?? lowercase
        stripAccents = try file.optionalBoolean("strip_accents")
        tokenizeChineseChars = try file.optionalBoolean("tokenize_chinese_chars") ?? tokenizeChineseChars
    }

    private mutating func readTreatment(_ file: JSONSection) throws(ModelError) {
        try readFlags(file)
        for key in ["do_basic_tokenize", "clean_text"] where try file.optionalBoolean(key) == false {
            throw .wrongValue(file: file.path, key: key, found: "false", expected: "true")
        }
        if let prefix = try file.optionalString("wordpieces_prefix"), prefix != Self.continuingPrefix {
            throw .wrongValue(
                file: file.path,
                key: "wordpieces_prefix",
                found: prefix,
                expected: Self.continuingPrefix
            )
        }
        if file.optional("never_split") != nil, try !file.array("never_split").isEmpty {
            throw .wrongValue(file: file.path, key: "never_split", found: "an array of tokens", expected: "null")
        }
        if let name = try file.optionalString(Self.classKey), !Self.supports(name) {
            let supported = Self.supportedClasses.joined(separator: ", ")
            throw .wrongValue(file: file.path, key: Self.classKey, found: name, expected: supported)
        }
        if let decoder = try file.optionalObject("added_tokens_decoder") {
            for member in decoder.members.members {
                guard let id = Int(member.key), (0...Vocabulary.maximumID).contains(id) else {
                    throw .wrongValue(
                        file: file.path,
                        key: "added_tokens_decoder",
                        found: "the key \"\(member.key)\"",
                        expected: "ids from 0 to \(Vocabulary.maximumID)"
                    )
                }
                let key = "added_tokens_decoder.\(member.key)"
                let token = try AddedToken(member.value, in: file, key: key)
                guard addedTokens.updateValue(token, forKey: id) == nil else {
                    throw .wrongValue(file: file.path, key: key, found: "there twice", expected: "one value")
                }
            }
        }
    }

    /// The `model_max_length` of a file; nil when it is absent or so large that it means no limit.
    static func modelMaxLength(_ file: JSONSection) throws(ModelError) -> Int? {
        let key = "model_max_length"
        guard let value = file.optional(key) else { return nil }
        guard case .number(let text) = value, let number = Double(text), number >= 1, number == number.rounded() else {
            throw file.wrong(key, value, expected: "an integer of at least 1")
        }
        return number >= noLimit ? nil : Int(number)
    }
}

extension JSONSection {
    /// The special token of a key; nil when the key is absent or null.
    func specialToken(_ name: String) throws(ModelError) -> AddedToken? {
        try optional(name).map { value throws(ModelError) in try AddedToken(value, in: self, key: name) }
    }
}

extension AddedToken {
    /// Reads a token that is written as its text only, or as an object with optional flags.
    init(_ value: JSONValue, in file: JSONSection, key: String) throws(ModelError) {
        switch value {
        case .string(let content):
            self.init(content)
        case .object:
            let object = try JSONSection(value, path: file.path, key: file.fullKey(key))
            self.init(
                try object.string("content"),
                isSpecial: try object.optionalBoolean("special") ?? true,
                singleWord: try object.optionalBoolean("single_word") ?? false,
                stripsLeft: try object.optionalBoolean("lstrip") ?? false,
                stripsRight: try object.optionalBoolean("rstrip") ?? false,
                isNormalized: try object.optionalBoolean("normalized")
            )
        default:
            throw file.wrong(key, value, expected: "a token: a string, or an object with \"content\"")
        }
        if content.isEmpty { throw file.wrong(key, value, expected: "a token that is not empty") }
    }
}
