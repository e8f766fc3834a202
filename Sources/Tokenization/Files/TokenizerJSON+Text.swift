import JSON
import ModelFiles

// The sections of a tokenizer.json that say what is done to a text until it is words: `normalizer` and `pre_tokenizer`.

extension Normalizer {
    /// Reads the section `normalizer` of a file; no section means no normalization.
    init(_ file: JSONSection) throws(ModelError) {
        guard let section = try file.optionalObject("normalizer") else {
            self = .bert(.identity)
            return
        }
        let steps = try NormalizationStep.steps(section)
        switch steps.first {
        case nil: self = .bert(.identity)
        case .bert(let normalizer)? where steps.count == 1: self = .bert(normalizer)
        default: self = .steps(steps)
        }
    }
}

extension NormalizationStep {
    /// The steps of a normalizer: one, or those of a `Sequence`.
    fileprivate static func steps(_ section: JSONSection) throws(ModelError) -> [NormalizationStep] {
        let type = try section.type(of: [
            ("lowercase", "BertNormalizer"), ("normalizers", "Sequence"), ("strip_left", "Strip"),
            ("pattern", "Replace"), ("prepend", "Prepend"),
        ])
        switch type {
        case "Sequence":
            var steps: [NormalizationStep] = []
            for inner in try section.objects("normalizers") { steps += try Self.steps(inner) }
            return steps
        case "BertNormalizer":
            let lowercase = try section.boolean("lowercase")
            let normalizer = BertNormalizer(
                cleanText: try section.boolean("clean_text"),
                handleChineseChars: try section.boolean("handle_chinese_chars"),
                stripAccents: try section.optionalBoolean("strip_accents") ?? lowercase,
                lowercase: lowercase
            )
            return [.bert(normalizer)]
        case "Lowercase": return [.lowercase]
        case "NFC": return [.form(NormalizationForm(isCompatible: false, composes: true))]
        case "NFD": return [.form(.canonicalDecomposition)]
        case "NFKC": return [.form(NormalizationForm(isCompatible: true, composes: true))]
        case "NFKD": return [.form(NormalizationForm(isCompatible: true, composes: false))]
        case "StripAccents": return [.stripAccents]
        case "Strip":
            return [.strip(left: try section.boolean("strip_left"), right: try section.boolean("strip_right"))]
        case "Replace":
            return [.replace(try Pattern(section), content: Array(try section.string("content").utf8))]
        case "Prepend":
            return [.prepend(try section.string("prepend").unicodeScalars.map(\.value))]
        case "Nmt": return [.nmt]
        default:
            throw section.wrong(
                "type",
                .string(type),
                expected: "BertNormalizer, Sequence, Lowercase, NFC, NFD, NFKC, NFKD, StripAccents, Strip, Replace, "
                    + "Prepend or Nmt"
            )
        }
    }
}

extension PreTokenizer {
    /// Reads the section `pre_tokenizer` of a file; without a section all of a text is one word.
    init(_ file: JSONSection) throws(ModelError) {
        steps = []
        if let section = try file.optionalObject("pre_tokenizer") { steps = try PreTokenizationStep.steps(section) }
    }
}

extension PreTokenizationStep {
    /// The steps of a pre-tokenizer: one, or those of a `Sequence`.
    fileprivate static func steps(_ section: JSONSection) throws(ModelError) -> [PreTokenizationStep] {
        let type = try section.string("type")
        switch type {
        case "Sequence":
            var steps: [PreTokenizationStep] = []
            for inner in try section.objects("pretokenizers") { steps += try Self.steps(inner) }
            return steps
        case "BertPreTokenizer": return [.bert]
        case "Whitespace": return [.whitespace]
        case "WhitespaceSplit": return [.whitespaceSplit]
        case "Punctuation":
            return [.punctuation(section.contains("behavior") ? try SplitBehavior(section) : .isolated)]
        case "Digits": return [.digits(individually: try section.boolean("individual_digits"))]
        case "CharDelimiterSplit":
            let delimiter = try section.string("delimiter")
            guard let scalar = delimiter.unicodeScalars.first, delimiter.unicodeScalars.count == 1 else {
                throw section.wrong("delimiter", .string(delimiter), expected: "one character")
            }
            return [.delimiter(scalar.value)]
        case "FixedLength":
            return [.fixedLength(try section.integer("length", default: defaultFixedLength, in: 1...Int(Int32.max)))]
        case "Split":
            let isInverted = try section.boolean("invert")
            return [.split(try Pattern(section), try SplitBehavior(section), isInverted: isInverted)]
        default:
            throw section.wrong(
                "type",
                .string(type),
                expected: "BertPreTokenizer, Sequence, Whitespace, WhitespaceSplit, Punctuation, Digits, Split, "
                    + "CharDelimiterSplit or FixedLength"
            )
        }
    }

    /// The length of `FixedLength` if the file gives none.
    private static let defaultFixedLength = 5
}

extension SplitBehavior {
    /// Reads the member `behavior`.
    fileprivate init(_ section: JSONSection) throws(ModelError) {
        let name = try section.string("behavior")
        guard let behavior = SplitBehavior(rawValue: name) else {
            let names = SplitBehavior.allCases.map(\.rawValue).joined(separator: ", ")
            throw section.wrong("behavior", .string(name), expected: "one of \(names)")
        }
        self = behavior
    }
}

extension Pattern {
    /// Reads the member `pattern`: `{"String": …}` or `{"Regex": …}`.
    init(_ section: JSONSection) throws(ModelError) {
        let pattern = try section.object("pattern")
        guard pattern.members.count == 1, pattern.contains("Regex") else {
            self = .literal(Array(try pattern.string("String").utf8))
            return
        }
        let expression = try pattern.string("Regex")
        do {
            self = .expression(try RegularExpression(expression))
        } catch {
            let expected =
                switch error {
                case .wrongPattern(let reason): "a regular expression of Oniguruma (\(reason))"
                case .noLibrary(let reason):
                    "a pattern without regular expressions, or the library Oniguruma, Debian's package libonig5 "
                        + "(\(reason))"
                }
            throw pattern.wrong("Regex", .string(expression), expected: expected)
        }
    }
}
