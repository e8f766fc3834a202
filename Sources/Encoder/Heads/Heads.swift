internal import LinearAlgebra

/// The heads that a checkpoint has on top of the encoder and its pooler.
struct Heads: Sendable {
    /// The heads that are a dense layer.
    let dense: [Head: DenseHead]
    let languageModel: LanguageModelHead?

    /// All heads of the checkpoint.
    var all: Set<Head> { Set(dense.keys).union(languageModel == nil ? [] : [.maskedLanguageModel]) }
}

/// The layer that makes one vector of the first token's last hidden state: transformers' `MobileBertPooler` and
/// `BertPooler`, and the `pre_classifier` of DistilBERT's heads.
enum Pooler: Sendable {
    /// The checkpoint has none; those of masked language models do not.
    case absent
    /// `classifier_activation` false: the hidden state itself.
    case firstToken
    /// A dense layer with its activation; it reads the hidden states' stream.
    case dense(LinearLayer)
}

/// A head that is a dense layer of few outputs. They are summed in double precision, because they are the answer.
struct DenseHead: Sendable {
    /// [outputs, hidden_size], row-major.
    private let weight: [Float]
    /// [outputs].
    private let bias: [Float]

    /// - Precondition: the weight has the same number of values for each output.
    init(weight: [Float], bias: [Float]) {
        precondition(!bias.isEmpty && weight.count.isMultiple(of: bias.count))
        self.weight = weight
        self.bias = bias
    }

    /// The number of logits.
    var outputs: Int { bias.count }

    /// W x + b.
    func logits(_ features: [Double]) -> [Float] {
        precondition(features.count * outputs == weight.count)
        return bias.indices.map { output in
            Float(Double(bias[output]) + RowSums.product(weight, output * features.count, features))
        }
    }
}
