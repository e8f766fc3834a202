import Checkpoint

/// sentence-transformers' module LayerNorm, over a vector's components.
struct LayerNormModule: Sendable {
    /// PyTorch's default, which the module never changes.
    private static let epsilon = 1e-5
    /// As wide as the encoder itself may be.
    private static let widths = 1...65_536

    /// Components of a vector.
    var width: Int { weight.count }
    private let weight: [Float]
    private let bias: [Float]

    /// Reads a module's folder: config.json, and model.safetensors or pytorch_model.bin.
    init(directory: String) throws(ModelError) {
        let weights: Checkpoint
        do throws(CheckpointError) {
            let file = try ConfigurationFile(path: directory + "/config.json")
            let width = try file.integer("dimension", in: Self.widths)
            weights = try Checkpoint(directory: directory)
            weight = try weights.float32("norm.weight", shape: [width])
            bias = try weights.float32("norm.bias", shape: [width])
        } catch {
            throw .unreadable(error)
        }
        try ModelError.checkFinite(weights)
    }

    /// (x - mean) / sqrt(variance + epsilon) * weight + bias, in double precision.
    func normalized(_ vector: [Float]) -> [Float] {
        let count = Double(vector.count)
        let mean = vector.reduce(0.0) { $0 + Double($1) } / count
        let variance = vector.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let scale = 1 / (variance + Self.epsilon).squareRoot()
        return vector.indices.map { index in
            Float((Double(vector[index]) - mean) * scale * Double(weight[index]) + Double(bias[index]))
        }
    }
}
