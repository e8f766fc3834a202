import JSON
import ModelFiles

// The sections of a tokenizer.json that say what is made of tokens: `post_processor` and `decoder`.

extension SequenceTemplate {
    /// Reads the section `post_processor` of a file. No section means no special tokens.
    init(_ file: JSONSection, vocabulary: Vocabulary) throws(ModelError) {
        guard let section = try file.optionalObject("post_processor") else {
            self = .bare
            return
        }
        guard let template = SequenceTemplate(try PostProcessingStep.steps(section, vocabulary: vocabulary)) else {
            throw .wrongValue(
                file: section.path,
                key: section.key,
                found: "a template for other texts than it gets, such as a second text where there is one",
                expected: "sequence A alone in \"single\", and no template behind a processor that makes more of it"
            )
        }
        self = template
    }
}

extension PostProcessingStep {
    /// The largest accepted segment id. Models have two.
    private static let maximumTypeID = 1 << 16

    /// The steps of a post-processor: one, or those of a `Sequence`.
    fileprivate static func steps(
        _ section: JSONSection,
        vocabulary: Vocabulary
    ) throws(ModelError) -> [PostProcessingStep] {
        switch try section.type(of: [("cls", "BertProcessing"), ("single", "TemplateProcessing")]) {
        case "Sequence":
            var steps: [PostProcessingStep] = []
            for inner in try section.objects("processors") { steps += try Self.steps(inner, vocabulary: vocabulary) }
            return steps
        case "TemplateProcessing":
            return [
                .template(
                    single: try parts(section, "single", vocabulary: vocabulary),
                    pair: try parts(section, "pair", vocabulary: vocabulary)
                )
            ]
        case "BertProcessing", "RobertaProcessing":
            let classifierID = try section.tokenWithID("cls", vocabulary: vocabulary)
            let separatorID = try section.tokenWithID("sep", vocabulary: vocabulary)
            // The library tells the two apart by these keys, not by the type.
            guard section.contains("trim_offsets"), section.contains("add_prefix_space") else {
                return [.bert(classifierID: classifierID, separatorID: separatorID)]
            }
            let trimming = try trimming(section)
            return [.roberta(classifierID: classifierID, separatorID: separatorID, trimming: trimming)]
        case "ByteLevel": return [.byteLevel(trimming: try trimming(section))]
        case let type:
            throw section.wrong(
                "type",
                .string(type),
                expected: "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or Sequence"
            )
        }
    }

    private static func trimming(_ section: JSONSection) throws(ModelError) -> OffsetTrimming? {
        let keepsSpace = try section.boolean("add_prefix_space")
        return try section.boolean("trim_offsets") ? OffsetTrimming(keepsFirstSpace: keepsSpace) : nil
    }

    private static func parts(
        _ section: JSONSection,
        _ name: String,
        vocabulary: Vocabulary
    ) throws(ModelError) -> [SequenceTemplate.Part] {
        let specialTokens = try section.object("special_tokens")
        var parts: [SequenceTemplate.Part] = []
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
        guard elements.count == 2, case .string = elements[0], case .number(let text) = elements[1],
            let id = Int32(text), vocabulary.token(id) != nil
        else { throw wrong(name, .array(elements), expected: expected) }
        return id
    }
}

extension Decoder {
    /// Reads the section `decoder` of a file. Without a section tokens are joined by spaces.
    init(_ file: JSONSection) throws(ModelError) {
        guard let section = try file.optionalObject("decoder") else {
            self = .spaces
            return
        }
        self = .steps(try DecodingStep.steps(section))
    }
}

extension DecodingStep {
    /// The steps of a decoder: one, or those of a `Sequence`.
    fileprivate static func steps(_ section: JSONSection) throws(ModelError) -> [DecodingStep] {
        switch try section.type(of: [("prefix", "WordPiece"), ("start", "Strip"), ("pattern", "Replace")]) {
        case "Sequence":
            var steps: [DecodingStep] = []
            for inner in try section.objects("decoders") { steps += try Self.steps(inner) }
            return steps
        case "WordPiece":
            let prefix = Array(try section.string("prefix").utf8)
            return [.wordPiece(WordPieceDecoder(prefix: prefix, cleansUp: try section.boolean("cleanup")))]
        case "Fuse": return [.fuse]
        case "Strip":
            let content = try section.string("content")
            guard let scalar = content.unicodeScalars.first, content.unicodeScalars.count == 1 else {
                throw section.wrong("content", .string(content), expected: "one character")
            }
            let counts = 0...Int(Int32.max)
            return [
                .strip(
                    scalar.value,
                    start: try section.integer("start", in: counts),
                    end: try section.integer("stop", in: counts)
                )
            ]
        case "Replace":
            return [.replace(try Pattern(section), content: Array(try section.string("content").utf8))]
        case let type:
            throw section.wrong("type", .string(type), expected: "WordPiece, Sequence, Fuse, Strip or Replace")
        }
    }
}
