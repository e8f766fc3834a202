import JSON
import ModelFiles

/// Reads a model's parts one after the other, by their names in transformers, and knows which tensors no part has read.
///
/// Each part has a function `load` in this folder that takes the reader and returns the part's ``Packing``. It reads
/// only what other parts depend on: vectors, and the matrices through which the hidden states' shift passes.
struct WeightReader {
    let configuration: EncoderConfiguration
    let formats: WeightFormats
    /// The heads of the checkpoint that are loaded.
    let heads: HeadChoice
    /// The carry of the hidden states' stream after the parts read so far.
    var hidden: AffineCarry
    /// Scratch memory for a matrix that is read while a part is folded.
    var values: [Float] = []

    private let tensors: ModelTensors
    private var taken: Set<ExactText> = []
    /// The vectors that are not in the file, by the value that all their elements get.
    private var filled: [Float: Set<ExactText>] = [:]

    /// Reads a model from `tensors`.
    init(
        _ tensors: ModelTensors,
        _ configuration: EncoderConfiguration,
        _ heads: HeadChoice,
        _ formats: WeightFormats
    ) {
        self.tensors = tensors
        self.configuration = configuration
        self.heads = heads
        self.formats = formats
        hidden = .identity(width: configuration.hiddenSize)
    }

    var names: TensorNames { configuration.architecture.tensors }

    /// The name of a part that the architecture has, since its configuration can ask for the part.
    func required(_ name: String?) -> String {
        guard let name else { preconditionFailure("an architecture names all parts that its config.json can have") }
        return name
    }

    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool { tensors.contains(name) }

    /// Whether there are all these tensors, in these shapes. Vectors may be missing, because they are then filled.
    func contains(_ wanted: [(name: String, shape: [Int])]) -> Bool {
        wanted.allSatisfy { tensor in
            contains(tensor.name) ? tensors.shape(tensor.name) == tensor.shape : tensor.shape.count == 1
        }
    }

    /// A tensor.
    mutating func tensor(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        taken.insert(ExactText(name))
        return try tensors.float32(name, shape: shape)
    }

    /// A vector; if the file lacks it, each element is `fallback`, with which transformers' `_init_weights` fills it.
    mutating func vector(_ name: String, count: Int, default fallback: Float = 0) throws(ModelError) -> [Float] {
        guard contains(name) else {
            filled[fallback, default: []].insert(ExactText(name))
            return Array(repeating: fallback, count: count)
        }
        return try tensor(name, shape: [count])
    }

    /// A matrix. Its shape is checked now; its values are read when they are needed.
    mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> StoredMatrix {
        taken.insert(ExactText(name))
        return try tensors.matrix(name, rows, columns)
    }

    /// `name`.weight and `name`.bias of an `nn.Linear`.
    mutating func dense(_ name: String, outputs: Int, inputs: Int) throws(ModelError) -> AffineMap {
        AffineMap(
            try matrix("\(name).weight", outputs, inputs),
            bias: try vector("\(name).bias", count: outputs)
        )
    }

    /// `name`.weight and `name`.bias of a normalization in the encoder.
    mutating func norm(_ name: String, width: Int, epsilon: Double) throws(ModelError) -> Norm {
        let weight = try vector("\(name).weight", count: width, default: 1)
        let bias = try vector("\(name).bias", count: width)
        return switch configuration.normalization {
        case .noNorm: .noNorm(weight: weight, bias: bias)
        case .layerNorm: .layerNorm(weight: weight, bias: bias, epsilon: epsilon)
        }
    }

    /// Notes a tensor that transformers has a place for, though nothing is computed with it.
    mutating func skip(_ name: String) { taken.insert(ExactText(name)) }

    /// One line for each kind of difference between the file and the model's parts.
    var warnings: [String] {
        let lacking = filled.sorted { $0.key < $1.key }.map { value, names in
            let shown = tensors.modules(of: names.sortedTexts.map(tensors.storedName))
            return "\(tensors.source): not there, so all \(Int(value)), as in transformers: \(shown), "
                + "\(names.count) in all"
        }
        let unused = unused
        guard !unused.isEmpty else { return lacking }
        let shown = tensors.modules(of: unused)
        return lacking + [
            "\(tensors.source): not used, as the model has no such part: \(shown), \(unused.count) in all"
        ]
    }

    /// The names in the file of the tensors that no part has read. A buffer of old versions of transformers, which
    /// transformers passes over in silence, is not among them.
    private var unused: [String] {
        let read = Set(taken.map { ExactText(tensors.storedName($0.text)) })
        return tensors.allStoredNames.filter { name in
            !read.contains(ExactText(name)) && name != "position_ids" && !name.ends(with: ".position_ids")
        }
    }

    /// The names in the file of the tensors that the parts have asked for and that are not there.
    var missing: [String] { taken.sortedTexts.filter { !tensors.contains($0) }.map(tensors.storedName) }
}
