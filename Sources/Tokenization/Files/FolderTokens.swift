import JSON
import ModelFiles

/// The tokens that the files of a folder add to its vocabulary, as transformers 5 finds them
/// (`PreTrainedTokenizerBase._from_pretrained` and `TokenizersBackend.__init__`):
///
/// - `added_tokens_decoder` of tokenizer_config.json; where it is, only that file counts,
/// - else special_tokens_map.json, whose names go before those of tokenizer_config.json, added_tokens.json, and
///   `added_tokens` of tokenizer.json.
///
/// The ids in the files give only the order. A token that is new to the vocabulary gets the next free id.
struct FolderTokens: Sendable {
    /// A token as a file has it.
    struct Entry: Sendable, Equatable {
        var token: AddedToken
        /// Whether the file has its text alone, which is not the same token as one with flags written out.
        var isText = true
        /// Whether added_tokens.json is read after the entry, and its tokens compared with it.
        var isKnownEarly = true
        /// Whether the flags say if the token is searched in normalized text. If not, a special token is not.
        var saysNormalized = true
    }

    /// Special tokens by their keys, the standard ones first; nil for a key that is null.
    private(set) var named: [(key: String, entry: Entry?)] = []
    /// Special tokens without a key.
    private var extra: [Entry]?
    /// Special tokens without a key by another name, which count if there are no others.
    private var additional: [Entry]?
    /// Special tokens whose keys only this model has: those of the files' own keys, and those of lists with names.
    private var custom: (keys: [(String, Entry)], lists: [(String, Entry)]) = ([], [])
    /// Tokens by the ids that files give them.
    private var numbered: [Int: Entry] = [:]
    /// Every token that a file has, to tell which of them come to nothing.
    private var seen: [(file: String, token: String)] = []

    /// The keys of special tokens that every class knows, in their order.
    private static let standardKeys = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    private static let extraKey = "extra_special_tokens"
    private static let additionalKey = "additional_special_tokens"
    private static let decoderKey = "added_tokens_decoder"
    private static let modelKey = "model_specific_special_tokens"

    /// The special token of a key; nil if there is none, or it is null.
    subscript(key: String) -> AddedToken? { named.first { $0.key.equals(key) }?.entry?.token }

    /// Reads a folder's files.
    ///
    /// - Parameters:
    ///   - settings: tokenizer_config.json; nil if there is none.
    ///   - tokenizerJSON: tokenizer.json; nil if there is none.
    ///   - defaults: The special tokens of the class, by their keys.
    init(
        directory: String,
        settings: JSONSection?,
        tokenizerJSON: JSONSection?,
        defaults: [(String, String)]
    ) throws(ModelError) {
        if let settings { try read(settings: settings) }
        let map = try Self.file(.specialTokens, in: directory)
        let added = try Self.file(.addedTokens, in: directory)
        if let decoder = try settings?.optionalObject(Self.decoderKey) {
            try read(decoder: decoder)
            if let map { note(tokensOf: map) }
            for member in added?.members.members ?? [] { seen.append((added?.path ?? "", member.key)) }
        } else {
            if let map { try read(map: map) }
            if let added { try read(added: added) }
            if let tokenizerJSON { try readTokens(of: tokenizerJSON) }
        }
        if extra == nil { extra = additional }
        for (key, content) in defaults where !named.contains(where: { $0.key.equals(key) }) {
            named.append((key, Entry(token: AddedToken(content))))
        }
        let places = Self.standardKeys.enumerated().map { ($1, $0) }
        let order = Dictionary(places) { first, _ in first }
        named.sort { order[$0.key] ?? 0 < order[$1.key] ?? 0 }
        for (key, entry) in custom.keys + custom.lists { name(key, entry) }
    }

    private static func file(_ file: ModelFile, in directory: String) throws(ModelError) -> JSONSection? {
        let path = file.path(in: directory)
        return OpenFile.exists(path) ? try TokenizerFile.readObject(path) : nil
    }

    private mutating func name(_ key: String, _ entry: Entry?) {
        if let place = named.firstIndex(where: { $0.key.equals(key) }) {
            named[place].entry = entry
        } else {
            named.append((key, entry))
        }
    }

    private func entry(
        _ value: JSONValue,
        in file: JSONSection,
        key: String,
        isSpecial: Bool,
        isEarly: Bool = false
    ) throws(ModelError) -> Entry {
        let token = try AddedToken(value, in: file, key: key, isSpecial: isSpecial)
        guard case .object(let flags) = value else { return Entry(token: token) }
        let saysNormalized = flags["normalized"].map { $0 != .null } ?? false
        return Entry(token: token, isText: false, isKnownEarly: isEarly, saysNormalized: saysNormalized)
    }

    private func entries(
        _ file: JSONSection,
        _ key: String,
        isSpecial: Bool = false
    ) throws(ModelError) -> [Entry] {
        try file.array(key).enumerated().map { (index, element) throws(ModelError) in
            try entry(element, in: file, key: "\(key)[\(index)]", isSpecial: isSpecial)
        }
    }
}

// MARK: Files

extension FolderTokens {
    /// Reads the keys of tokenizer_config.json that name special tokens.
    private mutating func read(settings: JSONSection) throws(ModelError) {
        for member in settings.members.members where member.key.ends(with: "_token") {
            let isStandard = Self.standardKeys.contains(member.key)
            switch member.value {
            case .null where isStandard: name(member.key, nil)
            case .string, .object:
                let entry = try entry(member.value, in: settings, key: member.key, isSpecial: isStandard)
                if isStandard {
                    name(member.key, entry)
                } else if entry.isText {
                    custom.lists.append((member.key, entry))
                } else {
                    custom.keys.append((member.key, entry))
                }
            default:
                // Keys such as add_bos_token are no tokens.
                if isStandard { throw settings.wrong(member.key, member.value, expected: AddedToken.form) }
            }
        }
        let hasExtra =
            switch settings.optional(Self.extraKey) {
            case .array(let tokens): !tokens.isEmpty
            case .object(let tokens): tokens.count > 0
            default: false
            }
        let tokens = settings.contains(Self.additionalKey) ? try entries(settings, Self.additionalKey) : nil
        if hasExtra || settings.members[Self.additionalKey] == nil {
            additional = tokens
            try readExtra(settings)
        } else {
            extra = tokens ?? []
        }
        // Tokens with keys of their own take the place of the list that transformers 5 makes of them.
        guard custom.keys.isEmpty, custom.lists.isEmpty, let own = try settings.optionalObject(Self.modelKey) else {
            return
        }
        for member in own.members.members {
            custom.lists.append((member.key, try entry(member.value, in: own, key: member.key, isSpecial: false)))
        }
    }

    /// Reads `extra_special_tokens`: a list, or an object with a key for each.
    private mutating func readExtra(_ file: JSONSection, isSpecial: Bool = false) throws(ModelError) {
        switch file.optional(Self.extraKey) {
        case nil: break
        case .object(let tokens):
            for token in tokens.members {
                let key = "\(Self.extraKey).\(token.key)"
                custom.lists.append((token.key, try entry(token.value, in: file, key: key, isSpecial: false)))
            }
            extra = nil
        default:
            for entry in try entries(file, Self.extraKey, isSpecial: isSpecial) where !(extra ?? []).contains(entry) {
                extra = (extra ?? []) + [entry]
            }
            extra = extra ?? []
        }
    }

    private mutating func read(decoder: JSONSection) throws(ModelError) {
        for member in decoder.members.members {
            guard let id = Int(member.key), (0...Vocabulary.maximumID).contains(id) else {
                throw .wrongValue(
                    file: decoder.path,
                    key: decoder.key,
                    found: "the key \"\(member.key)\"",
                    expected: "ids from 0 to \(Vocabulary.maximumID)"
                )
            }
            numbered[id] = try entry(member.value, in: decoder, key: member.key, isSpecial: false)
        }
    }

    /// Reads special_tokens_map.json.
    private mutating func read(map: JSONSection) throws(ModelError) {
        for member in map.members.members {
            switch member.key {
            case Self.extraKey: try readExtra(map, isSpecial: true)
            case Self.additionalKey:
                additional = map.contains(member.key) ? try entries(map, member.key, isSpecial: true) : nil
            case let key where Self.standardKeys.contains(key):
                name(key, try standardEntry(of: map, key))
            case let key where key.ends(with: "_token") && member.value != .null:
                custom.keys.append((key, try entry(member.value, in: map, key: key, isSpecial: true)))
            default: break
            }
        }
    }

    /// Reads added_tokens.json, an object with the id of each token.
    private mutating func read(added: JSONSection) throws(ModelError) {
        let known = named.compactMap(\.entry) + (extra ?? [])
        let special = Set(known.filter(\.isKnownEarly).map { ExactText($0.token.content) })
        for member in added.members.members {
            let id = try added.integer(member.key, in: 0...Vocabulary.maximumID)
            let isSpecial = special.contains(ExactText(member.key))
            numbered[id] = Entry(token: AddedToken(member.key, isSpecial: isSpecial), isText: false)
            seen.append((added.path, member.key))
        }
    }

    private mutating func readTokens(of tokenizerJSON: JSONSection) throws(ModelError) {
        for (id, token) in try tokenizerJSON.addedTokens() { numbered[id] = Entry(token: token, isText: false) }
    }

    private func standardEntry(of map: JSONSection, _ key: String) throws(ModelError) -> Entry? {
        guard let value = map.optional(key) else { return nil }
        return try entry(value, in: map, key: key, isSpecial: true, isEarly: true)
    }

    private mutating func note(tokensOf map: JSONSection) {
        for member in map.members.members {
            let values = if case .array(let elements) = member.value { elements } else { [member.value] }
            for value in values {
                guard let token = try? AddedToken(value, in: map, key: member.key) else { continue }
                seen.append((map.path, token.content))
            }
        }
    }
}

// MARK: Tokens

extension FolderTokens {
    /// The tokens in the order in which they are added.
    ///
    /// - Parameter present: The tokens that are added before these.
    func additions(to present: [AddedToken]) -> [AddedToken] {
        var entries = numbered.sorted { $0.key < $1.key }.map(\.value)
        let known = Set((present + entries.map(\.token)).map { ExactText($0.content) })
        for entry in named.compactMap(\.entry) + (extra ?? []) {
            guard !known.contains(ExactText(entry.token.content)), !entries.contains(entry) else { continue }
            entries.append(entry)
        }
        let special = Set(named.compactMap { $0.entry.map { ExactText($0.token.content) } })
        return entries.map { entry in
            var token = entry.token
            if special.contains(ExactText(token.content)) {
                token.isSpecial = true
                if !entry.saysNormalized { token.isNormalized = false }
            }
            return token
        }
    }

    /// The files' tokens that were not added, and those that got another id than a file says, for an operator.
    func warnings(added: AddedTokenList) -> [String] {
        let lost = seen.filter { added.id($0.token) == nil }
        let files = Set(lost.map { ExactText($0.file) }).sortedTexts
        var warnings = files.map { file in
            let tokens = lost.filter { $0.file.equals(file) }.map { quoted($0.token) }
            return "\(file): \(tokens.joined(separator: ", ")): no added tokens, as in transformers, "
                + "because tokenizer_config.json has others"
        }
        let moved = numbered.sorted { $0.key < $1.key }.compactMap { id, entry in
            added.id(entry.token.content).flatMap {
                Int($0) == id ? nil : "\(quoted(entry.token.content)) \($0), not \(id)"
            }
        }
        if !moved.isEmpty {
            warnings.append(
                "added tokens get the next free ids, as in transformers, not those of the files: "
                    + moved.prefix(8).joined(separator: ", ") + (moved.count > 8 ? ", …" : "")
            )
        }
        return warnings
    }
}

extension AddedToken {
    /// What a token is in a file, for errors.
    static let form = "a token: a string, or an object with \"content\""

    /// Reads a token that is written as its text only, or as an object with optional flags.
    ///
    /// - Parameter isSpecial: Whether an object without the flag `special` is a special token.
    init(_ value: JSONValue, in file: JSONSection, key: String, isSpecial: Bool = true) throws(ModelError) {
        switch value {
        case .string(let content):
            self.init(content)
        case .object:
            let object = try JSONSection(value, path: file.path, key: file.fullKey(key))
            self.init(
                try object.string("content"),
                isSpecial: try object.optionalBoolean("special") ?? isSpecial,
                singleWord: try object.optionalBoolean("single_word") ?? false,
                stripsLeft: try object.optionalBoolean("lstrip") ?? false,
                stripsRight: try object.optionalBoolean("rstrip") ?? false,
                isNormalized: try object.optionalBoolean("normalized")
            )
        default:
            throw file.wrong(key, value, expected: Self.form)
        }
    }

    /// Reads an element of `added_tokens` of tokenizer.json, where every flag is written out.
    init(_ section: JSONSection) throws(ModelError) {
        self.init(
            try section.string("content"),
            isSpecial: try section.boolean("special"),
            singleWord: try section.boolean("single_word"),
            stripsLeft: try section.boolean("lstrip"),
            stripsRight: try section.boolean("rstrip"),
            isNormalized: try section.boolean("normalized")
        )
    }
}
