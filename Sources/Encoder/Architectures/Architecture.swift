internal import LinearAlgebra

/// The encoders that run here, each by transformers' `model_type`: one shape (``EncoderConfiguration``), whose parts
/// they use or leave out, under names of their own (``TensorNames``, ``ConfigurationKeys``).
package enum Architecture: String, Sendable, CaseIterable {
    /// Bottlenecks around several feed-forward networks, NoNorm, trigram embeddings (arXiv 2004.02984).
    case mobilebert
    /// arXiv 1810.04805.
    case bert
    /// BERT with half of the layers, without token types and pooler (arXiv 1910.01108).
    case distilbert

    /// What the names of transformers' classes begin with.
    package var family: String {
        switch self {
        case .mobilebert: "MobileBert"
        case .bert: "Bert"
        case .distilbert: "DistilBert"
        }
    }

    /// Whether the dense layer over the first token is the base model's pooler. DistilBERT's is a part of those heads
    /// that need it, and no output of the model's.
    var hasPooler: Bool { self != .distilbert }

    /// What follows the dense layer over the first token.
    var poolerActivation: Activation { self == .distilbert ? .relu : .tanh }

    /// The architecture whose classes `architectures` of a config.json without a `model_type` names; nil when it names
    /// none.
    init?(classes: [String]) {
        let found = Self.allCases.first { architecture in
            classes.contains { $0 == "\(architecture.family)Model" || $0.hasPrefix("\(architecture.family)For") }
        }
        guard let found else { return nil }
        self = found
    }
}
