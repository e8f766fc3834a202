package import Encoder
import LinearAlgebra

/// How a model makes one vector of a text's token vectors: pooling, and the modules of a sentence-transformers folder
/// behind it.
package struct SentenceEmbedding: Sendable {
    /// A step from vector to vector.
    private enum Step: Sendable {
        case dense(DenseModule)
        case layerNorm(LayerNormModule)
        case normalize
    }

    /// Whose vectors are put one behind the other.
    package let poolings: [Pooling]
    /// Whether the tokens of a prompt are pooled too; the encoder reads them in any case.
    let includesPrompt: Bool
    /// Whether vectors get length 1 where a request does not say: not if there is a modules.json without a Normalize.
    package let normalizes: Bool
    private let steps: [Step]
    private let hiddenSize: Int
    /// What the first step that has a size takes, with what names it in messages; nil when any size goes.
    private let inputs: (size: Int, directory: String)?
    /// What the last step that has a size gives; nil when it is what pooling gives.
    private let outputs: Int?

    /// Reads the modules' folders.
    /// - Throws: what is wrong with one, or which two don't fit each other.
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
                throw .unsupported(
                    file: module.directory + "/config.json",
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

    /// Components of the vectors that the model's own pooling leads to.
    package var size: Int { outputs ?? poolings.count * hiddenSize }

    /// Components of the vectors.
    /// - Parameter poolings: how token vectors become one.
    /// - Throws: `poolingDoesNotFit` where the modules behind it take vectors of another size.
    package func size(poolings: [Pooling]) throws(InferenceError) -> Int {
        let pooled = poolings.count * hiddenSize
        if let inputs, inputs.size != pooled {
            throw .poolingDoesNotFit(poolings, size: pooled, module: inputs.directory, expected: inputs.size)
        }
        return outputs ?? pooled
    }

    /// What is asked of the encoder for a text.
    /// - Parameter first: the first token that is pooled.
    package static func request(_ poolings: [Pooling], from first: Int = 0) -> OutputRequest {
        first == 0 && poolings.count == 1 ? .pooled(poolings[0]) : .jointlyPooled(poolings, from: first)
    }

    /// Takes pooled vectors through the modules.
    ///
    /// - Precondition: they are of the size that ``size(poolings:)`` was asked for.
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

    /// Scaled to Euclidean length 1, summed in double precision; a zero vector stays as it is.
    static func normalized(_ vector: [Float]) -> [Float] {
        let squares = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard squares > 0 else { return vector }
        let scale = 1 / squares.squareRoot()
        return vector.map { Float(Double($0) * scale) }
    }
}
