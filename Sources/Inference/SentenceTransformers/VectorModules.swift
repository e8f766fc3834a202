import Checkpoint
import JSON
import LinearAlgebra
import ModelFiles

/// sentence-transformers' module Dense: activation(W x + b), with or without x added.
///
/// It computes in float32, whatever the encoder's type is: the product is small beside the encoder's layers, and its
/// result is the answer.
struct DenseModule: Sendable {
    /// The vector that is added to the result.
    private enum Residual {
        case none
        /// The input itself.
        case input
        /// The input times a matrix, because the sizes differ.
        case projection(LinearLayer)
    }

    /// Sizes that are allowed, the same as for the encoder.
    private static let widths = 1...65_536
    /// Vectors that are computed at once, in a buffer of some hundred kilobytes.
    private static let vectorsAtOnce = 64

    /// Components of an input vector.
    let inputs: Int
    /// Components of a result vector.
    let outputs: Int
    private let layer: LinearLayer
    private let residual: Residual

    /// Reads a module's folder: config.json, and model.safetensors or pytorch_model.bin.
    init(directory: String, arithmetic: Arithmetic) throws(ModelError) {
        let (file, features) = try Self.features(directory)
        (inputs, outputs) = features
        let activation = try Self.activation(file)
        let weights = try Checkpoint(directory: directory)
        func matrix(_ name: String) throws(ModelError) -> PackedWeight {
            PackedWeight(
                outputs: features.outputs,
                inputs: features.inputs,
                format: .float32,
                arithmetic: arithmetic,
                rowMajor: try weights.float32(name, shape: [features.outputs, features.inputs])
            )
        }
        let hasBias = try file.boolean("bias", default: true)
        layer = LinearLayer(
            weight: try matrix("linear.weight"),
            bias: hasBias ? try weights.float32("linear.bias", shape: [outputs]) : nil,
            activation: activation
        )
        if try !file.boolean("use_residual", default: false) {
            residual = .none
        } else if inputs == outputs {
            residual = .input
        } else {
            residual = .projection(LinearLayer(weight: try matrix("residual.weight"), accumulates: true))
        }
        try weights.checkFinite()
    }

    private static func features(
        _ directory: String
    ) throws(ModelError) -> (file: JSONSection, (inputs: Int, outputs: Int)) {
        let file = try JSONSection(path: ModelFile.configuration.path(in: directory))
        for key in ["module_input_name", "module_output_name"] {
            guard let name = try file.optionalString(key), name != "sentence_embedding" else { continue }
            throw file.wrong(key, .string(name), expected: "\"sentence_embedding\"")
        }
        let inputs = try file.integer("in_features", in: widths)
        return (file, (inputs, try file.integer("out_features", in: widths)))
    }

    /// PyTorch's classes without parameters of their own, by the last part of the name.
    private static let activations: [(name: String, activation: Activation)] = [
        ("Identity", .linear), ("Tanh", .tanh), ("ReLU", .relu), ("ReLU6", .relu6), ("GELU", .gelu), ("SiLU", .silu),
        ("Sigmoid", .sigmoid), ("LeakyReLU", .leakyRelu), ("Hardswish", .hardswish), ("Mish", .mish),
    ]

    private static func activation(_ file: JSONSection) throws(ModelError) -> Activation {
        let name = try file.string("activation_function", default: "torch.nn.modules.activation.Tanh")
        let parts = name.pieces(separatedBy: ".")
        guard parts.first == "torch", let known = activations.first(where: { $0.name == parts[parts.count - 1] }) else {
            let known = activations.map(\.name).joined(separator: ", ")
            throw file.wrong("activation_function", .string(name), expected: "one of torch.nn's \(known)")
        }
        return known.activation
    }

    /// Applies the module to vectors of ``inputs`` components each. The results have ``outputs`` components.
    func vectors(of vectors: [[Float]]) -> [[Float]] {
        var results: [[Float]] = []
        results.reserveCapacity(vectors.count)
        for first in stride(from: 0, to: vectors.count, by: Self.vectorsAtOnce) {
            append(vectors[first..<min(first + Self.vectorsAtOnce, vectors.count)], to: &results)
        }
        return results
    }

    private func append(_ vectors: ArraySlice<[Float]>, to results: inout [[Float]]) {
        let source = MatrixRegion(rows: vectors.count, columns: inputs)
        let target = MatrixRegion(
            offset: source.capacity,
            rows: vectors.count,
            columns: outputs,
            stride: AlignedBuffer.roundedUp(outputs)
        )
        var buffer = AlignedBuffer(minimumCount: target.capacity)
        buffer.withMutableSpan { values in
            for (row, vector) in vectors.enumerated() {
                for column in 0..<inputs { values[row * source.stride + column] = vector[column] }
            }
        }
        layer.multiply(source, OperandScratch(), into: target, columns: 0..<outputs, of: buffer)
        if layer.appliesActivationAfterwards { layer.activate(target, of: buffer) }
        if case .projection(let matrix) = residual {
            matrix.multiply(source, OperandScratch(), into: target, columns: 0..<outputs, of: buffer)
        }
        buffer.withSpan { values in
            for (row, vector) in vectors.enumerated() {
                let start = target.offset + row * target.stride
                var result = (0..<outputs).map { values[start + $0] }
                if case .input = residual { for column in 0..<outputs { result[column] += vector[column] } }
                results.append(result)
            }
        }
    }
}

/// sentence-transformers' module LayerNorm: normalizes the components of each vector.
struct LayerNormModule: Sendable {
    /// PyTorch's default, which the module never changes.
    private static let epsilon = 1e-5
    /// Sizes that are allowed, the same as for the encoder.
    private static let widths = 1...65_536

    /// Components of a vector.
    var width: Int { weight.count }
    private let weight: [Float]
    private let bias: [Float]

    /// Reads a module's folder: config.json, and model.safetensors or pytorch_model.bin.
    init(directory: String) throws(ModelError) {
        let file = try JSONSection(path: ModelFile.configuration.path(in: directory))
        let width = try file.integer("dimension", in: Self.widths)
        let weights = try Checkpoint(directory: directory)
        weight = try weights.float32("norm.weight", shape: [width])
        bias = try weights.float32("norm.bias", shape: [width])
        try weights.checkFinite()
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
