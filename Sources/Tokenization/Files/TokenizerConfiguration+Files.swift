import JSON

extension TokenizerConfiguration {
    /// The tokenizer classes of `transformers` that do exactly this.
    private static let supportedClasses = [
        "BertTokenizer", "MobileBertTokenizer", "DistilBertTokenizer", "ElectraTokenizer",
    ]
    /// `model_max_length` above this is the Hub's way (1e30) to say that there is no limit.
    private static let noLimit = 1e15

    /// Reads the two files of a directory, as far as they are there.
    ///
    /// - Parameter isComplete: false where a `tokenizer.json` says how text is treated, and mostly what it has no place
    ///   for is taken from these files: the length, the side of truncation, the names of special tokens. But where
    ///   `do_lower_case` is stated beside one of BERT's classes, `transformers` goes by that and the flags with it.
    init(directory: String, isComplete: Bool) throws(TokenizerError) {
        self.init()
        let configPath = directory + "/tokenizer_config.json"
        let mapPath = directory + "/special_tokens_map.json"
        let config = TokenizerFile.exists(configPath) ? try TokenizerFile.readObject(configPath) : nil
        let map = TokenizerFile.exists(mapPath) ? try TokenizerFile.readObject(mapPath) : nil
        if let config {
            try readLimits(config)
            if isComplete {
                try readTreatment(config)
            } else if config.optional("do_lower_case") != nil, Self.supports(try config.optionalString(Self.classKey)) {
                try readFlags(config)
                replacesNormalizer = true
            }
        }
        func token(_ name: String, _ fallback: AddedToken) throws(TokenizerError) -> AddedToken {
            let first = try config?.specialToken(name)
            let second = try map?.specialToken(name)
            if let config, let first, let second, !first.content.utf8.elementsEqual(second.content.utf8) {
                throw .invalidValue(
                    path: config.path,
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

    private mutating func readLimits(_ file: FileSection) throws(TokenizerError) {
        modelMaxLength = try Self.modelMaxLength(file)
        if let side = try file.optionalString("truncation_side") {
            guard let direction = TruncationDirection(rawValue: side) else {
                throw file.invalid("truncation_side", .string(side), expected: "\"right\" or \"left\"")
            }
            truncationDirection = direction
        }
    }

    private static let classKey = "tokenizer_class"

    /// Whether a class of `transformers` is one of ours; without a name it is the model's, and so is.
    private static func supports(_ name: String?) -> Bool {
        name.map { name in supportedClasses.contains { $0 == name || $0 + "Fast" == name } } ?? true
    }

    private mutating func readFlags(_ file: FileSection) throws(TokenizerError) {
        lowercase = try file.optionalBoolean("do_lower_case") ?? lowercase
        stripAccents = try file.optionalBoolean("strip_accents")
        tokenizeChineseChars = try file.optionalBoolean("tokenize_chinese_chars") ?? tokenizeChineseChars
    }

    private mutating func readTreatment(_ file: FileSection) throws(TokenizerError) {
        try readFlags(file)
        for key in ["do_basic_tokenize", "clean_text"] where try file.optionalBoolean(key) == false {
            throw .unsupported(path: file.path, key: key, found: "false", supported: "true")
        }
        if let prefix = try file.optionalString("wordpieces_prefix"), prefix != Self.continuingPrefix {
            throw .unsupported(
                path: file.path,
                key: "wordpieces_prefix",
                found: prefix,
                supported: Self.continuingPrefix
            )
        }
        if file.optional("never_split") != nil, try !file.array("never_split").isEmpty {
            throw .unsupported(path: file.path, key: "never_split", found: "an array of tokens", supported: "null")
        }
        if let name = try file.optionalString(Self.classKey), !Self.supports(name) {
            let supported = Self.supportedClasses.joined(separator: ", ")
            throw .unsupported(path: file.path, key: Self.classKey, found: name, supported: supported)
        }
        if let decoder = try file.optionalObject("added_tokens_decoder") {
            for member in decoder.object.members {
                guard let id = Int(member.key), (0...Vocabulary.maximumID).contains(id) else {
                    throw .invalidValue(
                        path: file.path,
                        key: "added_tokens_decoder",
                        found: "the key \"\(member.key)\"",
                        expected: "ids from 0 to \(Vocabulary.maximumID)"
                    )
                }
                let key = "added_tokens_decoder.\(member.key)"
                let token = try AddedToken(member.value, in: file, key: key)
                guard addedTokens.updateValue(token, forKey: id) == nil else {
                    throw .invalidValue(path: file.path, key: key, found: "there twice", expected: "one value")
                }
            }
        }
    }

    /// `model_max_length` of a file; nil when it is absent or so large that it means none.
    static func modelMaxLength(_ file: FileSection) throws(TokenizerError) -> Int? {
        let key = "model_max_length"
        guard let value = file.optional(key) else { return nil }
        guard case .number(let text) = value, let number = Double(text), number >= 1, number == number.rounded() else {
            throw file.invalid(key, value, expected: "an integer of at least 1")
        }
        return number >= noLimit ? nil : Int(number)
    }
}

extension FileSection {
    /// A special token that is named by a key; nil when the key is absent or null.
    func specialToken(_ name: String) throws(TokenizerError) -> AddedToken? {
        try optional(name).map { value throws(TokenizerError) in try AddedToken(value, in: self, key: name) }
    }
}

extension AddedToken {
    /// A token written as its text alone, or as an object with flags, each of which may be missing.
    init(_ value: JSONValue, in file: FileSection, key: String) throws(TokenizerError) {
        switch value {
        case .string(let content):
            self.init(content)
        case .object:
            let object = try FileSection(value, path: file.path, key: file.fullKey(key))
            self.init(
                try object.string("content"),
                isSpecial: try object.optionalBoolean("special") ?? true,
                singleWord: try object.optionalBoolean("single_word") ?? false,
                stripsLeft: try object.optionalBoolean("lstrip") ?? false,
                stripsRight: try object.optionalBoolean("rstrip") ?? false,
                isNormalized: try object.optionalBoolean("normalized")
            )
        default:
            throw file.invalid(key, value, expected: "a token: a string, or an object with \"content\"")
        }
        if content.isEmpty { throw file.invalid(key, value, expected: "a token that is not empty") }
    }
}
