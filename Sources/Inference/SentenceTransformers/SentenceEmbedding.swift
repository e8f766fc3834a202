package import Encoder
import LinearAlgebra
import ModelFiles

/// Turns the token vectors of a text into one vector: by pooling, and then by the further modules of a
/// sentence-transformers folder.
package struct SentenceEmbedding: Sendable {
    /// A step from vector to vector.
    private enum Step: Sendable {
        case dense(DenseModule)
        case layerNorm(LayerNormModule)
        case normalize
    }

    /// The poolings, whose vectors are joined one behind the other.
    package let poolings: [Pooling]
    /// Whether the tokens of a prompt are pooled too; the encoder reads them in any case.
    let includesPrompt: Bool
    /// Whether vectors are scaled to length 1 by default: yes, unless a modules.json has no Normalize at its end.
    package let normalizes: Bool
    private let steps: [Step]
    private let hiddenSize: Int
    /// The input size of the first step that has one, with its folder for messages; nil if every size fits.
    private let inputs: (size: Int, directory: String)?
    /// The output size of the last step that has one; nil if it is the pooling's.
    private let outputs: Int?

    /// Reads the modules' folders.
    /// - Throws: what is wrong with one of them, or which two do not fit together.
    init(_ folder: SentenceTransformerFolder, hiddenSize: Int, arithmetic: Arithmetic) throws(ModelError) {
        let pooling = try folder.poolingDirectory.map { path throws(ModelError) in
            try PoolingConfiguration(directory: path)
        }
        poolings = pooling?.poolings ?? [.mean]
        includesPrompt = pooling?.includesPrompt ?? true
        self.hiddenSize = hiddenSize
        var modules = (folder.modules ?? []).filter { $0.type != .dropout }
        normalizes = folder.poolingDirectory == nil || folder.modules == nil || modules.last?.type == .normalize
        if modules.last?.type == .normalize { modules.removeLast() }

        var steps: [Step] = []
        var inputs: (size: Int, directory: String)?
        var size = poolings.count * hiddenSize
        for module in modules {
            let step: Step
            let (taken, given): (Int, Int)
            switch module.type {
            case .dense:
                let dense = try DenseModule(directory: module.directory, arithmetic: arithmetic)
                (step, taken, given) = (.dense(dense), dense.inputs, dense.outputs)
            case .layerNorm:
                let norm = try LayerNormModule(directory: module.directory)
                (step, taken, given) = (.layerNorm(norm), norm.width, norm.width)
            case .transformer, .pooling, .dropout, .normalize:
                (step, taken, given) = (.normalize, size, size)
            }
            guard taken == size else {
                throw .wrongValue(
                    file: ModelFile.configuration.path(in: module.directory),
                    key: module.type == .dense ? "in_features" : "dimension",
                    found: "\(taken)",
                    expected: "\(size), the size of the vectors before it"
                )
            }
            if module.type != .normalize { inputs = inputs ?? (taken, module.directory) }
            size = given
            steps.append(step)
        }
        self.steps = steps
        self.inputs = inputs
        outputs = inputs == nil ? nil : size
    }

    /// Components of the vectors with the model's own pooling.
    package var size: Int { outputs ?? poolings.count * hiddenSize }

    /// Components of the vectors with the given poolings.
    /// - Parameter poolings: how token vectors become one.
    /// - Throws: `poolingDoesNotFit` if the modules after the pooling take vectors of another size.
    package func size(poolings: [Pooling]) throws(InferenceError) -> Int {
        let pooled = poolings.count * hiddenSize
        if let inputs, inputs.size != pooled {
            throw .poolingDoesNotFit(poolings, size: pooled, module: inputs.directory, expected: inputs.size)
        }
        return outputs ?? pooled
    }

    /// The request to the encoder for a text.
    /// - Parameter first: the first token that is pooled.
    package static func request(_ poolings: [Pooling], from first: Int = 0) -> OutputRequest {
        first == 0 && poolings.count == 1 ? .pooled(poolings[0]) : .jointlyPooled(poolings, from: first)
    }

    /// Applies the modules to pooled vectors.
    ///
    /// - Precondition: the vectors have the size for which ``size(poolings:)`` was asked.
    /// - Throws: `inputFailed` for a vector whose components leave the range of a float.
    func vectors(of pooled: [[Float]]) throws(InferenceError) -> [[Float]] {
        guard !steps.isEmpty else { return pooled }
        var vectors = pooled
        for step in steps {
            switch step {
            case .dense(let module): vectors = module.vectors(of: vectors)
            case .layerNorm(let module): vectors = vectors.map(module.normalized)
            case .normalize: vectors = vectors.map(Self.normalized)
            }
        }
        if let index = vectors.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
            throw .inputFailed(
                input: index,
                reason: "behind the model's Dense or LayerNorm its values leave the range of 32-bit floats"
            )
        }
        return vectors
    }

    /// The vector scaled to Euclidean length 1, which is summed in double precision; a zero vector is not changed.
    static func normalized(_ vector: [Float]) -> [Float] {
        let squares = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard squares > 0 else { return vector }
        let scale = 1 / squares.squareRoot()
        return vector.map { Float(Double($0) * scale) }
    }
}
