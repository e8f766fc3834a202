/// The output that a text asks of the forward pass.
package enum OutputRequest: Sendable, Hashable {
    /// One vector, shape [hidden_size].
    case pooled(Pooling)
    /// Several pooled vectors, one behind the other, of the tokens from an index on, shape [poolings * hidden_size]:
    /// sentence-transformers' joined modes, and its way to leave a prompt's tokens out. The weighted mean takes the
    /// weights that the tokens have in the whole text.
    case jointlyPooled([Pooling], from: Int)
    /// transformers' `last_hidden_state`, shape [tokens, hidden_size].
    case lastHiddenState
    /// Some of transformers' `hidden_states`, in the given order, shape [chosen, tokens, hidden_size]. 0 is the result
    /// of the embeddings, a higher number that of a layer; nil is all of them, in order.
    case hiddenStates(layers: [Int]?)
    /// The raw scores of sequence classification, shape [labels], or of multiple choice, shape [1].
    case logits
    /// The raw scores of next sentence prediction, "is next" and "is not", shape [2].
    case nextSentenceLogits
    /// The raw scores of token classification, shape [tokens, labels].
    case tokenLogits
    /// The raw scores of question answering, of an answer's start and end, shape [tokens, 2].
    case spanLogits
    /// The raw scores of the masked language model at some of the text's positions, shape [positions, vocabulary].
    case maskedTokenLogits(positions: [Int])

    /// The output's name in messages.
    var name: String {
        switch self {
        case .pooled(let pooling): "\(pooling.rawValue) embedding"
        case .jointlyPooled(let poolings, _): "\(poolings.map(\.rawValue).joined(separator: "+")) embedding"
        case .lastHiddenState: "last hidden state"
        case .hiddenStates: "hidden states"
        case .logits: "logits"
        case .nextSentenceLogits: "next sentence logits"
        case .tokenLogits: "token logits"
        case .spanLogits: "span logits"
        case .maskedTokenLogits: "masked token logits"
        }
    }

    /// The ways of pooling that the request asks for.
    var poolings: [Pooling] {
        switch self {
        case .pooled(let pooling): [pooling]
        case .jointlyPooled(let poolings, _): poolings
        default: []
        }
    }

    /// The heads of which the model must have one; none for outputs of the encoder itself.
    package var heads: [Head] {
        switch self {
        case .pooled, .jointlyPooled, .lastHiddenState, .hiddenStates: []
        case .logits: [.sequenceClassification, .multipleChoice]
        case .nextSentenceLogits: [.nextSentence]
        case .tokenLogits: [.tokenClassification]
        case .spanLogits: [.questionAnswering]
        case .maskedTokenLogits: [.maskedLanguageModel]
        }
    }
}

/// The output that a text gets from the forward pass. All values are finite.
package struct EncoderOutput: Sendable, Equatable {
    /// The values, row-major.
    package var values: [Float]
    /// The shape that the case of ``OutputRequest`` documents.
    package var shape: [Int]

    /// Values in the given shape.
    package init(values: [Float], shape: [Int]) {
        self.values = values
        self.shape = shape
    }
}
