internal import Checkpoint

/// Reads a model's tensors by their transformers names, and knows afterwards which ones nobody asked for.
struct WeightReader {
    /// The base model's attribute in transformers' models with a head, and so the prefix of its keys there.
    private static let modelPrefix = "mobilebert."

    private let tensors: any NamedTensors
    private let prefix: String
    private var taken: Set<String> = []
    /// Room for a matrix that is read while layers are folded.
    var values: [Float] = []

    /// Reads from `tensors`, with the prefix `mobilebert.` or none, whichever its keys have.
    init(_ tensors: any NamedTensors) {
        self.tensors = tensors
        let isPrefixed = tensors.tensorNames.contains { $0.hasPrefix(Self.modelPrefix) }
        prefix = isPrefixed ? Self.modelPrefix : ""
    }

    /// The file read, for messages.
    var source: String { tensors.source }

    /// Whether the base model has a tensor of that name.
    func hasModelTensor(_ name: String) -> Bool { tensors.contains(storedName(prefix + name)) }

    /// A tensor of the base model.
    mutating func tensor(_ name: String, shape: [Int]) throws(EncoderError) -> [Float] {
        try read(prefix + name, shape: shape)
    }

    /// A matrix of the base model, which is there; it is read when its values are needed.
    mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(EncoderError) -> StoredMatrix {
        let stored = storedName(prefix + name)
        taken.insert(stored)
        do throws(CheckpointError) {
            try tensors.check(stored, shape: [rows, columns])
        } catch {
            throw .checkpoint(error)
        }
        return StoredMatrix(stored, of: tensors, outputs: rows, inputs: columns)
    }

    /// `name`.weight and `name`.bias of an `nn.Linear` in the base model.
    mutating func dense(_ name: String, outputs: Int, inputs: Int) throws(EncoderError) -> AffineMap {
        AffineMap(
            try matrix("\(name).weight", outputs, inputs),
            bias: try tensor("\(name).bias", shape: [outputs])
        )
    }

    /// `name`.weight and `name`.bias of a normalization in the base model.
    mutating func norm(
        _ name: String,
        width: Int,
        configuration: MobileBertConfiguration,
        epsilon: Double
    ) throws(EncoderError) -> Norm {
        let weight = try tensor("\(name).weight", shape: [width])
        let bias = try tensor("\(name).bias", shape: [width])
        return switch configuration.normalization {
        case .noNorm: .noNorm(weight: weight, bias: bias)
        case .layerNorm: .layerNorm(weight: weight, bias: bias, epsilon: epsilon)
        }
    }

    /// A tensor of a head, outside of the base model.
    mutating func headTensor(_ name: String, shape: [Int]) throws(EncoderError) -> [Float] {
        try read(name, shape: shape)
    }

    /// Refuses what is left over, unless it is a head's or a buffer's that older versions of transformers wrote.
    ///
    /// - Throws: ``EncoderError/unexpectedTensors(file:names:)``.
    func checkNothingIsLeft() throws(EncoderError) {
        let knownOfModel = Set(Self.knownModelExtras.map { prefix + $0 })
        let left = tensors.tensorNames.filter {
            !taken.contains($0) && !Self.knownHeads.contains($0) && !knownOfModel.contains($0)
        }
        guard left.isEmpty else { throw .unexpectedTensors(file: source, names: left) }
    }

    private mutating func read(_ name: String, shape: [Int]) throws(EncoderError) -> [Float] {
        let stored = storedName(name)
        taken.insert(stored)
        do throws(CheckpointError) {
            return try tensors.float32(stored, shape: shape)
        } catch {
            throw .checkpoint(error)
        }
    }

    /// The name in the file: norms converted from TensorFlow by old versions of transformers say gamma and beta.
    private func storedName(_ name: String) -> String {
        guard !tensors.contains(name) else { return name }
        for (ending, old) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
        where name.hasSuffix(ending) {
            let alternative = String(name.dropLast(ending.count)) + old
            if tensors.contains(alternative) { return alternative }
        }
        return name
    }

    /// What a base model's checkpoint may hold without every configuration using it.
    private static let knownModelExtras = [
        "embeddings.position_ids", "embeddings.embedding_transformation.weight",
        "embeddings.embedding_transformation.bias", "pooler.dense.weight", "pooler.dense.bias",
    ]

    /// The heads of transformers' other MobileBERT classes: masked language model and next sentence
    /// (`MobileBertForPreTraining`), question answering, and the `classifier` of sequences, tokens and choices.
    private static let knownHeads: Set<String> = [
        "cls.predictions.bias", "cls.predictions.dense.weight", "cls.predictions.decoder.weight",
        "cls.predictions.decoder.bias", "cls.predictions.transform.dense.weight",
        "cls.predictions.transform.dense.bias", "cls.predictions.transform.LayerNorm.weight",
        "cls.predictions.transform.LayerNorm.bias", "cls.predictions.transform.LayerNorm.gamma",
        "cls.predictions.transform.LayerNorm.beta", "cls.seq_relationship.weight", "cls.seq_relationship.bias",
        "qa_outputs.weight", "qa_outputs.bias", "classifier.weight", "classifier.bias",
    ]
}
