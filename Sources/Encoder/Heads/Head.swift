/// A head on top of the encoder: a task that a checkpoint may have been trained for. The raw value is the task's name
/// on the Hub, or a name of that kind where the Hub has none.
package enum Head: String, Sendable, CaseIterable {
    /// A score for each label of a text, from the pooler's output.
    case sequenceClassification = "text-classification"
    /// A score for each label of each token.
    case tokenClassification = "token-classification"
    /// For each token, how well an answer begins or ends there.
    case questionAnswering = "question-answering"
    /// A score for each word piece in a token's place.
    case maskedLanguageModel = "fill-mask"
    /// Whether the second sequence follows the first.
    case nextSentence = "next-sentence-prediction"
    /// One score for a prompt with one of its choices.
    case multipleChoice = "multiple-choice"

    /// The end, behind "For", of the name of transformers' class for this head alone. ``Architecture/classes(with:)``
    /// has the other classes that have it.
    package var className: String {
        switch self {
        case .sequenceClassification: "SequenceClassification"
        case .tokenClassification: "TokenClassification"
        case .questionAnswering: "QuestionAnswering"
        case .maskedLanguageModel: "MaskedLM"
        case .nextSentence: "NextSentencePrediction"
        case .multipleChoice: "MultipleChoice"
        }
    }

    /// Whether the head reads the pooler's output instead of the last hidden state.
    var readsPooler: Bool {
        switch self {
        case .sequenceClassification, .nextSentence, .multipleChoice: true
        case .tokenClassification, .questionAnswering, .maskedLanguageModel: false
        }
    }
}
