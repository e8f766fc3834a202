internal import LinearAlgebra

/// transformers' `MobileBertPooler`: one vector from the first token's last hidden state.
enum Pooler: Sendable {
    /// The checkpoint has none, as those of masked language models.
    case absent
    /// `classifier_activation` false: the hidden state itself.
    case firstToken
    /// A dense layer with tanh; it reads the hidden states' stream.
    case dense(LinearLayer)
}
