import JSON

/// What a class of transformers 5 makes of a folder's files.
struct TokenizerClass: Sendable, Equatable {
    /// Where the parts of the tokenizer come from.
    enum Parts: Sendable, Equatable {
        /// The vocabulary alone is from tokenizer.json or vocab.txt, all else from tokenizer_config.json. So it is in
        /// version 5 of transformers; version 4 takes more from tokenizer.json.
        case bert
        /// tokenizer.json as it stands, with the template of `BertTokenizer`.
        case tokenizerJSONWithBertTemplate
        /// tokenizer.json as it stands.
        case tokenizerJSON
    }

    var parts: Parts
    /// Whether the model gets token types, where `model_input_names` does not say it.
    var givesTokenTypes: Bool
    /// Whether `do_lower_case` has an effect.
    var obeysLowercase = true
    /// Whether transformers knows the class.
    var isKnown = true

    /// Whether the class is `BertTokenizer` or inherits from it, with its special tokens.
    var isBert: Bool { parts != .tokenizerJSON }

    /// `BertTokenizer`, and the classes that are the same under other names.
    static let bert = TokenizerClass(parts: .bert, givesTokenTypes: true)
    /// `PreTrainedTokenizerFast`, which is `TokenizersBackend`.
    static let general = TokenizerClass(parts: .tokenizerJSON, givesTokenTypes: false)
    /// A class that transformers does not know, or that has no place beside a BERT model.
    static let unknown = TokenizerClass(parts: .tokenizerJSON, givesTokenTypes: false, isKnown: false)

    private static let names: [ExactText: TokenizerClass] = {
        let dpr = TokenizerClass(parts: .bert, givesTokenTypes: true, obeysLowercase: false)
        var names: [ExactText: TokenizerClass] = [
            "DistilBertTokenizer": TokenizerClass(parts: .bert, givesTokenTypes: false),
            "DPRContextEncoderTokenizer": dpr,
            "DPRQuestionEncoderTokenizer": dpr,
            "DPRReaderTokenizer": TokenizerClass(parts: .bert, givesTokenTypes: false, obeysLowercase: false),
            "ConvBertTokenizer": inheriting(givesTokenTypes: true),
        ]
        for name in ["Bert", "MobileBert", "Electra", "SqueezeBert", "Lxmert", "LayoutLM"] {
            names[ExactText(name + "Tokenizer")] = bert
        }
        for name in ["PreTrainedTokenizer", "TokenizersBackend", "PythonBackend"] { names[ExactText(name)] = general }
        return names
    }()

    /// A subclass of `BertTokenizer` without an initializer of its own: transformers gives it the whole tokenizer.json.
    private static func inheriting(givesTokenTypes: Bool) -> TokenizerClass {
        TokenizerClass(parts: .tokenizerJSONWithBertTemplate, givesTokenTypes: givesTokenTypes)
    }

    private init(parts: Parts, givesTokenTypes: Bool, obeysLowercase: Bool = true, isKnown: Bool = true) {
        self.parts = parts
        self.givesTokenTypes = givesTokenTypes
        self.obeysLowercase = obeysLowercase
        self.isKnown = isKnown
    }

    /// The class that a file names.
    ///
    /// - Parameters:
    ///   - hasFamily: Whether config.json has a `model_type`. DPR's fast classes are looked up by their own names then.
    init(named name: String, hasTokenizerJSON: Bool, hasFamily: Bool) {
        let plain = name.rest(before: "Fast")
        self = Self.names[plain.map { ExactText($0) } ?? ExactText(name)] ?? .unknown
        if plain != nil, hasFamily, !obeysLowercase { self = Self.inheriting(givesTokenTypes: givesTokenTypes) }
        if parts == .tokenizerJSONWithBertTemplate, !hasTokenizerJSON { parts = .bert }
    }
}
