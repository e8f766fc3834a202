import Checkpoint
import LinearAlgebra

/// sentence-transformers' module Dense: activation(W x + b), with or without x added.
///
/// In float32 whatever the encoder's type is: next to its layers this product is nothing, and its result is the answer.
struct DenseModule: Sendable {
    /// What is added to the result.
    private enum Residual {
        case none
        /// The input itself.
        case input
        /// The input through a matrix, since it is of another size.
        case projection(LinearLayer)
    }

    /// As wide as the encoder itself may be.
    private static let widths = 1...65_536
    /// Vectors that are computed at once: a buffer of some hundred kilobytes.
    private static let vectorsAtOnce = 64

    /// Components of a vector that goes in.
    let inputs: Int
    /// Components of a vector that comes out.
    let outputs: Int
    private let layer: LinearLayer
    private let residual: Residual

    /// Reads a module's folder: config.json, and model.safetensors or pytorch_model.bin.
    init(directory: String, arithmetic: Arithmetic) throws(ModelError) {
        let (file, features) = try Self.features(directory)
        (inputs, outputs) = features
        let activation = try Self.activation(file)
        let weights: Checkpoint
        do throws(CheckpointError) {
            weights = try Checkpoint(directory: directory)
            func matrix(_ name: String) throws(CheckpointError) -> PackedWeight {
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
        } catch {
            throw .unreadable(error)
        }
        try ModelError.checkFinite(weights)
    }

    private static func features(
        _ directory: String
    ) throws(ModelError) -> (file: ConfigurationFile, (inputs: Int, outputs: Int)) {
        let path = directory + "/config.json"
        do throws(CheckpointError) {
            let file = try ConfigurationFile(path: path)
            for key in ["module_input_name", "module_output_name"] where file.contains(key) {
                let name = try file.string(key)
                guard name == "sentence_embedding" else {
                    throw .wrongValue(file: path, key: key, found: "\"\(name)\"", expected: "\"sentence_embedding\"")
                }
            }
            let inputs = try file.integer("in_features", in: widths)
            return (file, (inputs, try file.integer("out_features", in: widths)))
        } catch {
            throw .unreadable(error)
        }
    }

    /// PyTorch's classes without parameters of their own, by the last part of the name.
    private static let activations: [(name: String, activation: Activation)] = [
        ("Identity", .linear), ("Tanh", .tanh), ("ReLU", .relu), ("ReLU6", .relu6), ("GELU", .gelu), ("SiLU", .silu),
        ("Sigmoid", .sigmoid), ("LeakyReLU", .leakyRelu), ("Hardswish", .hardswish), ("Mish", .mish),
    ]

    private static func activation(_ file: ConfigurationFile) throws(ModelError) -> Activation {
        let name: String
        do throws(CheckpointError) {
            name = try file.string("activation_function", default: "torch.nn.modules.activation.Tanh")
        } catch {
            throw .unreadable(error)
        }
        let parts = name.split(separator: ".")
        guard parts.first == "torch", let known = activations.first(where: { $0.name == parts[parts.count - 1] }) else {
            throw .unsupported(
                file: file.path,
                key: "activation_function",
                found: "\"\(name)\"",
                expected: "one of torch.nn's \(activations.map(\.name).joined(separator: ", "))"
            )
        }
        return known.activation
    }

    /// The vectors, each of ``inputs`` components, as vectors of ``outputs`` components, in float32.
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
