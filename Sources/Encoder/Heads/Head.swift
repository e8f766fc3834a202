/// A task that a checkpoint may have been trained for: what stands on top of the encoder.
package enum Head: String, Sendable, CaseIterable {
    /// A score for each label of a text, from the pooler's output.
    case sequenceClassification
    /// A score for each label of each token.
    case tokenClassification
    /// For each token, how well an answer begins or ends there.
    case questionAnswering
    /// A score for each word piece in a token's place.
    case maskedLanguageModel
    /// Whether the second sequence follows the first.
    case nextSentence
    /// One score for a prompt with one of its choices.
    case multipleChoice

    /// What is behind "For" in the name of the transformers class of the head alone.
    package var className: String { classes[0] }

    /// What is behind "For" in the names of the transformers classes that have the head.
    private var classes: [String] {
        switch self {
        case .sequenceClassification: ["SequenceClassification"]
        case .tokenClassification: ["TokenClassification"]
        case .questionAnswering: ["QuestionAnswering"]
        case .maskedLanguageModel: ["MaskedLM", "PreTraining"]
        case .nextSentence: ["NextSentencePrediction", "PreTraining"]
        case .multipleChoice: ["MultipleChoice"]
        }
    }

    /// Whether transformers' class of that name, such as `MobileBertForMaskedLM`, has the head.
    ///
    /// - Parameter family: what its name begins with, such as `MobileBert`.
    func isOf(class name: String, family: String) -> Bool { classes.contains { name == "\(family)For\($0)" } }

    /// Whether it reads the pooler's output instead of the last hidden state.
    var readsPooler: Bool {
        switch self {
        case .sequenceClassification, .nextSentence, .multipleChoice: true
        case .tokenClassification, .questionAnswering, .maskedLanguageModel: false
        }
    }
}
