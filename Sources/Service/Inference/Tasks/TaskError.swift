/// What a task cannot do with its own inputs; what any task may fail for is an ``InferenceError``.
package enum TaskError: Error, Equatable, CustomStringConvertible {
    /// The tokenizer has no token for what is to be guessed.
    case noMaskToken(model: String)
    /// A text in which nothing is to be guessed.
    case noMask(input: Int, mask: String)
    case tooManyTargets(count: Int, limit: Int)
    /// No target gives a token.
    case noTargets
    /// Texts with tokens put in their masks' places would be longer, all together, than one answer carries.
    case fillingsTooLarge(tokens: Int, limit: Int)
    /// A task of text pairs was given something else.
    case pairExpected(input: Int)
    case noChoices(input: Int)
    case noLabels
    case invalidTemplate(String)
    /// Telling entailment from contradiction takes two labels at least.
    case notEntailmentModel
    case noLayers
    case invalidLayer(Int, layers: Int)

    /// Whether another model could do it.
    package var isModelAtFault: Bool {
        switch self {
        case .noMaskToken, .notEntailmentModel: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .noMaskToken(let model):
            "the tokenizer of \(model) has no mask token; load a model whose vocabulary has [MASK]"
        case .noMask(let input, let mask):
            "input \(input) has no \(mask) within the model's length; put \(mask) where a word is to be guessed"
        case .tooManyTargets(let count, let limit):
            "`targets` has \(count) texts, at most \(limit) are taken"
        case .noTargets:
            "`targets` must have at least one text that the tokenizer makes a token of"
        case .fillingsTooLarge(let tokens, let limit):
            "the filled texts would have \(tokens) tokens, at most \(limit) fit one answer; ask for a smaller `top_k`"
        case .pairExpected(let input):
            "input \(input) must be a pair of texts: [text, text] or {\"text\": …, \"text_pair\": …}"
        case .noChoices(let input):
            "question \(input) has no `choices`; give at least one"
        case .noLabels:
            "`candidate_labels` must have at least one label"
        case .invalidTemplate(let reason):
            "`hypothesis_template` cannot be used: \(reason)"
        case .notEntailmentModel:
            "this takes a model of natural language inference, whose labels are entailment and others; "
                + "the one loaded has a single label"
        case .noLayers:
            "`layers` must have at least one number, or be \"all\""
        case .invalidLayer(let layer, let layers):
            "`layers` must be numbers from \(-layers - 1) to \(layers), of which 0 is the embeddings' output. "
                + "Given: \(layer)"
        }
    }
}
