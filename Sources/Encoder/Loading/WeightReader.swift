internal import Checkpoint
import ModelFiles

/// Reads a model's parts one after the other, by their names in transformers, and knows which tensors no part has read.
///
/// Each part has a function `load` in this folder that takes the reader and returns the part's ``Packing``. It reads
/// only what other parts depend on: vectors, and the matrices through which the hidden states' shift passes.
struct WeightReader {
    let configuration: EncoderConfiguration
    let formats: WeightFormats
    /// The names of the tensors in this checkpoint.
    let names: TensorNames
    /// The carry of the hidden states' stream after the parts read so far.
    var hidden: AffineCarry
    /// Scratch memory for a matrix that is read while a part is folded.
    var values: [Float] = []

    private let tensors: any NamedTensors
    private var taken: Set<String> = []

    /// Reads a model from `tensors`.
    init(_ tensors: any NamedTensors, _ configuration: EncoderConfiguration, _ formats: WeightFormats) {
        self.tensors = tensors
        self.configuration = configuration
        self.formats = formats
        names = configuration.architecture.tensorNames(in: tensors.tensorNames)
        hidden = .identity(width: configuration.hiddenSize)
    }

    /// The file read, for messages.
    var source: String { tensors.source }

    /// The name of a part that the architecture has, since its configuration can ask for the part.
    func required(_ name: String?) -> String {
        guard let name else { preconditionFailure("an architecture names all parts that its config.json can have") }
        return name
    }

    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool { tensors.contains(storedName(name)) }

    /// A tensor.
    mutating func tensor(_ name: String, shape: [Int]) throws(EncoderError) -> [Float] {
        let stored = storedName(name)
        taken.insert(stored)
        do throws(ModelError) {
            return try tensors.float32(stored, shape: shape)
        } catch {
            throw .checkpoint(error)
        }
    }

    /// A matrix. Its shape is checked now; its values are read when they are needed.
    mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(EncoderError) -> StoredMatrix {
        let stored = storedName(name)
        taken.insert(stored)
        do throws(ModelError) {
            try tensors.check(stored, shape: [rows, columns])
        } catch {
            throw .checkpoint(error)
        }
        return StoredMatrix(stored, of: tensors, outputs: rows, inputs: columns)
    }

    /// `name`.weight and `name`.bias of an `nn.Linear`.
    mutating func dense(_ name: String, outputs: Int, inputs: Int) throws(EncoderError) -> AffineMap {
        AffineMap(
            try matrix("\(name).weight", outputs, inputs),
            bias: try tensor("\(name).bias", shape: [outputs])
        )
    }

    /// `name`.weight and `name`.bias of a normalization in the encoder.
    mutating func norm(_ name: String, width: Int, epsilon: Double) throws(EncoderError) -> Norm {
        let weight = try tensor("\(name).weight", shape: [width])
        let bias = try tensor("\(name).bias", shape: [width])
        return switch configuration.normalization {
        case .noNorm: .noNorm(weight: weight, bias: bias)
        case .layerNorm: .layerNorm(weight: weight, bias: bias, epsilon: epsilon)
        }
    }

    /// Checks that the parts have read all tensors but ``optionalTensors``.
    ///
    /// - Throws: ``EncoderError/unexpectedTensors(file:names:)``.
    func checkNothingIsLeft() throws(EncoderError) {
        let optional = optionalTensors
        let left = tensors.tensorNames.filter { !taken.contains($0) && !optional.contains($0) }
        guard left.isEmpty else { throw .unexpectedTensors(file: source, names: left) }
    }

    /// The tensors that a checkpoint may hold although the configured model has no use for them: those of heads, and a
    /// buffer of old versions of transformers.
    private var optionalTensors: Set<String> {
        let heads = configuration.architecture.heads.values.map(\.layer)
        let layers = heads + [names.pooler, names.languageTransform, names.languageNorm]
        var optional: Set<String> = [names.decoderBias, names.positionIDs]
        for layer in layers { optional.formUnion(["\(layer).weight", "\(layer).bias"]) }
        optional.formUnion(["\(names.languageNorm).gamma", "\(names.languageNorm).beta"])
        if let layer = names.embeddingTransformation { optional.formUnion(["\(layer).weight", "\(layer).bias"]) }
        if let matrix = names.decoderExtension { optional.insert(matrix) }
        return optional
    }

    /// The name in the file: old versions of transformers named the norms that they converted from TensorFlow gamma and
    /// beta.
    private func storedName(_ name: String) -> String {
        guard !tensors.contains(name) else { return name }
        for (ending, old) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
        where name.hasSuffix(ending) {
            let alternative = String(name.dropLast(ending.count)) + old
            if tensors.contains(alternative) { return alternative }
        }
        return name
    }
}
