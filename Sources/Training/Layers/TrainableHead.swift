package import Encoder
internal import LinearAlgebra

/// What stands on top of the encoder. It makes an output of the last hidden states: logits, or vectors, of sequences or
/// tokens. The loss gives the output's gradient, from which the head goes back.
protocol TrainableHead: Sendable {
    /// What the head makes.
    var output: ActivationPlace { get }
    /// The gradient of ``output``, a place of the same shape.
    var doutput: ActivationPlace { get }
    /// Writes ``output`` from the last hidden states. All threads have met when it returns.
    func forward(_ hidden: MatrixRegion, _ pass: Pass)
    /// Goes from ``doutput`` to the gradient of all hidden states. All threads have met when it returns.
    func backward(_ hidden: MatrixRegion, into dhidden: MatrixRegion, _ pass: Pass)
}

/// The heads that can be trained.
package enum HeadKind: Sendable, Equatable {
    /// So many logits for each sequence.
    case sequenceClassification(labels: Int)
    /// A vector for each sequence.
    case sentenceEmbedding([Pooling])
    /// So many logits for each token with a label.
    case tokenClassification(labels: Int)
    /// Two logits for each token.
    case questionAnswering
    /// The loss of each masked token.
    case maskedLanguageModel
    /// A logit for each sequence.
    case multipleChoice

    /// Makes the head with its parameters.
    ///
    /// - Parameter words: the word embeddings.
    func makeHead(
        _ configuration: EncoderConfiguration,
        _ dropout: TrainingConfiguration,
        words: Parameter,
        _ plan: inout MemoryPlan
    ) -> any TrainableHead {
        switch self {
        case .sentenceEmbedding(let poolings): SentenceEmbeddingHead(configuration, poolings, &plan)
        case .sequenceClassification(let labels):
            ClassificationHead(configuration, .sequenceClassification, labels: labels, dropout, &plan)
        case .tokenClassification(let labels): TokenClassificationHead(configuration, labels: labels, dropout, &plan)
        case .questionAnswering: QuestionAnsweringHead(configuration, dropout, &plan)
        case .maskedLanguageModel: MaskedLanguageModelHead(configuration, words: words, &plan)
        case .multipleChoice: ClassificationHead(configuration, .multipleChoice, labels: 1, dropout, &plan)
        }
    }
}
