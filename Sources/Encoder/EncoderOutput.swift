/// How a text's hidden states become one vector.
package enum Pooling: String, Sendable, CaseIterable {
    /// The mean of the last hidden state over the text's tokens, special tokens included.
    case mean
    /// The last hidden state of the first token, [CLS].
    case cls
    /// transformers' `pooler_output`.
    case pooler
}

/// What a text asks of the forward pass.
package enum OutputRequest: Sendable, Hashable {
    /// One vector, shape [hidden_size].
    case pooled(Pooling)
    /// transformers' `last_hidden_state`, shape [tokens, hidden_size].
    case lastHiddenState
    /// transformers' `hidden_states`: the embeddings and each layer's result, shape [layers + 1, tokens, hidden_size].
    case hiddenStates
    /// The classification head's raw scores, shape [labels].
    case logits

    /// The output's name in messages.
    var name: String {
        switch self {
        case .pooled(let pooling): "\(pooling.rawValue) embedding"
        case .lastHiddenState: "last hidden state"
        case .hiddenStates: "hidden states"
        case .logits: "logits"
        }
    }
}

/// What a text gets from the forward pass: all finite.
package struct EncoderOutput: Sendable, Equatable {
    /// The values, row-major.
    package var values: [Float]
    /// As said at each case of ``OutputRequest``.
    package var shape: [Int]

    /// Values in the given shape.
    package init(values: [Float], shape: [Int]) {
        self.values = values
        self.shape = shape
    }
}
