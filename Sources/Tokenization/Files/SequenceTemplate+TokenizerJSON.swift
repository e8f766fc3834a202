import JSON

extension SequenceTemplate {
    /// The largest segment id that is accepted; models have 2.
    private static let maximumTypeID = 1 << 16

    /// The section `post_processor`: null, a `TemplateProcessing` or a `BertProcessing`.
    init(_ file: FileSection, vocabulary: Vocabulary) throws(TokenizerError) {
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

    /// Throws unless the template has each text once: with none or two, truncation would be undefined.
    private static func check(
        _ parts: [Part],
        texts: Int,
        pairs: Int,
        _ section: FileSection,
        _ name: String
    ) throws(TokenizerError) {
        var found = (texts: 0, pairs: 0)
        for part in parts {
            switch part {
            case .special: break
            case .text: found.texts += 1
            case .pair: found.pairs += 1
            }
        }
        guard found == (texts, pairs) else {
            throw .unsupported(
                path: section.path,
                key: section.fullKey(name),
                found: "sequence A \(found.texts) times and B \(found.pairs) times",
                supported: "A \(texts) time and B \(pairs) time\(pairs == 1 ? "" : "s")"
            )
        }
    }

    private static func parts(
        _ section: FileSection,
        _ name: String,
        vocabulary: Vocabulary
    ) throws(TokenizerError) -> [Part] {
        let specialTokens = try section.object("special_tokens")
        var parts: [Part] = []
        for piece in try section.objects(name) {
            if let sequence = try piece.optionalObject("Sequence") {
                let typeID = Int32(try sequence.integer("type_id", in: 0...maximumTypeID))
                switch try sequence.string("id") {
                case "A": parts.append(.text(typeID: typeID))
                case "B": parts.append(.pair(typeID: typeID))
                case let id: throw sequence.invalid("id", .string(id), expected: "\"A\" or \"B\"")
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

extension FileSection {
    /// The ids of a template's special token, each of which is in the vocabulary.
    fileprivate func ids(vocabulary: Vocabulary) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = []
        for element in try array("ids") {
            guard case .number(let text) = element, let id = Int32(text), vocabulary.token(id) != nil else {
                throw invalid("ids", element, expected: "ids that are in the vocabulary")
            }
            ids.append(id)
        }
        return ids
    }

    /// `["[CLS]", 101]`: a token together with its id.
    fileprivate func tokenWithID(_ name: String, vocabulary: Vocabulary) throws(TokenizerError) -> Int32 {
        let expected = "an array of a token and its id in the vocabulary"
        let elements = try array(name)
        guard elements.count == 2, case .string(let token) = elements[0], case .number(let text) = elements[1],
            let id = Int32(text), vocabulary.id(token) == id
        else { throw invalid(name, .array(elements), expected: expected) }
        return id
    }
}
