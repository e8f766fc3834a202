internal import Checkpoint

/// Reads a model's tensors by their transformers names, and knows afterwards which ones nobody asked for.
struct WeightReader {
    /// What this checkpoint calls its tensors.
    let names: TensorNames

    private let tensors: any NamedTensors
    private var taken: Set<String> = []
    /// Room for a matrix that is read while layers are folded.
    var values: [Float] = []

    /// Reads a model of `architecture` from `tensors`.
    init(_ tensors: any NamedTensors, of architecture: Architecture) {
        self.tensors = tensors
        names = TensorNames(architecture, in: tensors.tensorNames)
    }

    /// The file read, for messages.
    var source: String { tensors.source }

    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool { tensors.contains(storedName(name)) }

    /// A tensor.
    mutating func tensor(_ name: String, shape: [Int]) throws(EncoderError) -> [Float] {
        let stored = storedName(name)
        taken.insert(stored)
        do throws(CheckpointError) {
            return try tensors.float32(stored, shape: shape)
        } catch {
            throw .checkpoint(error)
        }
    }

    /// A matrix, which is there; it is read when its values are needed.
    mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(EncoderError) -> StoredMatrix {
        let stored = storedName(name)
        taken.insert(stored)
        do throws(CheckpointError) {
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
    mutating func norm(
        _ name: String,
        width: Int,
        configuration: EncoderConfiguration,
        epsilon: Double
    ) throws(EncoderError) -> Norm {
        let weight = try tensor("\(name).weight", shape: [width])
        let bias = try tensor("\(name).bias", shape: [width])
        return switch configuration.normalization {
        case .noNorm: .noNorm(weight: weight, bias: bias)
        case .layerNorm: .layerNorm(weight: weight, bias: bias, epsilon: epsilon)
        }
    }

    /// Refuses what is left over, unless it is ``TensorNames/optional``.
    ///
    /// - Throws: ``EncoderError/unexpectedTensors(file:names:)``.
    func checkNothingIsLeft() throws(EncoderError) {
        let optional = names.optional
        let left = tensors.tensorNames.filter { !taken.contains($0) && !optional.contains($0) }
        guard left.isEmpty else { throw .unexpectedTensors(file: source, names: left) }
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
}
