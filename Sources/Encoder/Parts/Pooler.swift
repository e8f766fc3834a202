internal import LinearAlgebra

/// One vector from the first token's last hidden state: transformers' `MobileBertPooler` and `BertPooler`, and what
/// DistilBERT's heads call `pre_classifier`.
enum Pooler: Sendable {
    /// The checkpoint has none, as those of masked language models.
    case absent
    /// `classifier_activation` false: the hidden state itself.
    case firstToken
    /// A dense layer with its activation; it reads the hidden states' stream.
    case dense(LinearLayer)
}
