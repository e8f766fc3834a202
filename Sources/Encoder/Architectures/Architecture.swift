import JSON
package import LinearAlgebra

/// An encoder that runs here: everything that is its own. All architectures have one shape (``EncoderConfiguration``),
/// whose parts each uses or leaves out, under names of its own.
///
/// Each architecture has a file that defines its value, and its place in ``all``. No other code asks which
/// architecture a model has.
package struct Architecture: Sendable {
    /// Every architecture that runs here.
    package static let all: [Architecture] = [.mobileBERT, .bert, .distilBERT]

    /// transformers' `model_type`, which is also the base model's attribute in the classes with a head.
    package let modelType: String
    /// The beginning of the names of transformers' classes, such as "MobileBert".
    package let family: String
    /// The keys of its config.json, with transformers' defaults.
    let keys: ConfigurationKeys
    /// The keys of config.json that only training reads.
    let trainingKeys: TrainingKeys
    /// The names of its tensors.
    package let tensors: TensorNames
    /// The dense layer over the first token.
    package let pooler: PoolerDescription
    /// The heads that its checkpoints may have.
    package let heads: [Head: HeadDescription]
    /// Whether one layer more can pass the mean of all tokens on, as ``ClassifierExport/Features/mean`` needs: the
    /// layers' width is that of the hidden states, and their norms are LayerNorms.
    let layersCanAverage: Bool

    /// Whether the pooler is a part, and an output, of the base model.
    package var hasPooler: Bool { pooler.isOfBaseModel }

    /// Whether one of transformers' classes of this architecture is among `classes`.
    func isNamed(in classes: [String]) -> Bool {
        classes.contains { $0 == "\(family)Model" || $0.begins(with: "\(family)For") }
    }

    /// The names of transformers' classes that have the head, such as `MobileBertForMaskedLM`.
    func classes(with head: Head) -> [String] {
        guard let description = heads[head] else { return [] }
        return ([head.className] + description.otherClasses).map { "\(family)For\($0)" }
    }
}

extension Architecture: Equatable {
    /// Whether both are of the same `model_type`.
    package static func == (left: Architecture, right: Architecture) -> Bool { left.modelType == right.modelType }
}

/// The dense layer over the first token, which transformers calls the pooler.
package struct PoolerDescription: Sendable {
    /// The activation after the dense layer.
    package let activation: Activation
    /// Whether it is a part, and an output, of the base model; else it is a part of the heads that need it.
    let isOfBaseModel: Bool
}

/// A head as an architecture's checkpoints have it.
package struct HeadDescription: Sendable {
    /// The name of its last dense layer; a masked language model's decoder. ``TensorNames`` has the names of that
    /// model's other layers.
    package let layer: String
    /// The ends of the names, behind "For", of further transformers classes that have it.
    var otherClasses: [String] = []
}
