import JSON
import ModelFiles

/// A checkpoint's tensors by the names of ``TensorNames``, whatever the file calls them.
///
/// As transformers does, this takes each name with or without the base model's attribute (`bert.`), and knows the old
/// names of the norms that were converted from TensorFlow. Of several tensors for one name, the first by the file's
/// names counts. What transformers does not do is take off a prefix around the whole checkpoint (`module.`), with which
/// transformers would fill all weights with random numbers.
struct ModelTensors: Sendable {
    /// The names, sorted.
    let names: [String]
    /// The prefix that was taken off; empty for none.
    let wrapper: String
    private let tensors: any NamedTensors
    private let architecture: Architecture
    private let storedNames: [ExactText: String]
    /// Whether the file's names of the base model's tensors have its attribute.
    private let usesAttribute: Bool

    init(_ tensors: any NamedTensors, _ architecture: Architecture) {
        self.tensors = tensors
        self.architecture = architecture
        wrapper = Self.wrapper(around: tensors.tensorNames, architecture)
        var storedNames: [ExactText: String] = [:]
        var usesAttribute = false
        for stored in tensors.tensorNames {
            var name = stored.rest(after: wrapper) ?? stored[...]
            usesAttribute = usesAttribute || name.begins(with: architecture.prefix)
            name = name.rest(after: architecture.prefix) ?? name
            for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")] {
                if let start = name.rest(before: old) { name = start + new }
            }
            if storedNames[ExactText(name)] == nil { storedNames[ExactText(name)] = stored }
        }
        self.storedNames = storedNames
        self.usesAttribute = usesAttribute
        names = storedNames.keys.sortedTexts
    }

    /// The file read, for messages.
    var source: String { tensors.source }
    /// The names in the file, sorted.
    var allStoredNames: [String] { tensors.tensorNames }

    /// Whether there is a tensor of that name.
    func contains(_ name: String) -> Bool { storedNames[ExactText(name)] != nil }

    /// The tensor's shape; nil if there is none of that name.
    func shape(_ name: String) -> [Int]? { storedNames[ExactText(name)].flatMap(tensors.shape) }

    /// The tensor's name in the file; for one that is not there, the name that it would have.
    func storedName(_ name: String) -> String {
        if let stored = storedNames[ExactText(name)] { return stored }
        return wrapper + (usesAttribute && architecture.isOfBaseModel(name) ? architecture.prefix : "") + name
    }

    /// The tensor's values, row-major, as floats.
    func float32(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        try tensors.float32(storedName(name), shape: shape)
    }

    /// A matrix. Its shape is checked now; its values are read when they are needed.
    func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> StoredMatrix {
        try tensors.check(storedName(name), shape: [rows, columns])
        return StoredMatrix(storedName(name), of: tensors, outputs: rows, inputs: columns)
    }

    /// A copy with the same names, in which a tensor has any shape that is asked for, and zeros as values.
    var ofAnyShape: ModelTensors { ModelTensors(TensorsOfAnyShape(names: tensors.tensorNames), architecture) }

    /// Names in the file for a message. If there are too many, the largest modules of which the file's other tensors
    /// are no part stand for their tensors.
    func modules(of names: [String]) -> String {
        func modules(around name: String) -> [ExactText] {
            name.unicodeScalars.indices.filter { name.unicodeScalars[$0] == "." }.map { ExactText(name[..<$0]) }
        }
        let chosen = Set(names.map { ExactText($0) })
        let shared = Set(allStoredNames.filter { !chosen.contains(ExactText($0)) }.flatMap(modules))
        var groups: [ExactText: [String]] = [:]
        for name in names {
            groups[modules(around: name).first { !shared.contains($0) } ?? ExactText(name), default: []].append(name)
        }
        var count = groups.count
        let shown = groups.sorted { ($0.value.count, $0.key) < ($1.value.count, $1.key) }.flatMap { module, names in
            count += names.count - 1
            return count <= Self.shownNames ? names : ["\(module.text).*"]
        }
        return quoted(shown.sorted(), atMost: Self.shownNames)
    }

    /// Names in one message.
    private static let shownNames = 24

    // MARK: Prefixes

    /// Modules that training scripts put around a model, and keys of the dictionaries in which they save it.
    private static let wrapperNames: Set<Substring> = [
        "module", "model", "_orig_mod", "state_dict", "model_state_dict", "base_model", "auto_model", "backbone",
        "encoder", "net", "network",
    ]

    /// The prefix around the whole checkpoint, which the embeddings show: usual parts, or one that all names
    /// have. Another model's attribute, such as `roberta.`, is none.
    private static func wrapper(around names: [String], _ architecture: Architecture) -> String {
        let prefixes =
            architecture.tensors.anchors.lazy.map { anchor in
                names.compactMap { $0.rest(before: anchor) }.filter { $0.isEmpty || $0.ends(with: ".") }
            }
            .first { !$0.isEmpty } ?? []
        guard !prefixes.contains(where: { $0.isEmpty || $0.equals(architecture.prefix) }) else { return "" }
        let wrappers = Set(
            prefixes.map { prefix in
                let outer = prefix.rest(before: architecture.prefix)
                return ExactText(outer.flatMap { $0.ends(with: ".") ? $0 : nil } ?? prefix)
            }
        )
        guard wrappers.count == 1, let wrapper = wrappers.first?.text else { return "" }
        // A class of the user's own may call the whole model by the attribute of the model's base.
        let isUsual = wrapper.pieces(separatedBy: ".").dropLast().allSatisfy { name in
            wrapperNames.contains(name) || name.equals(architecture.modelType)
        }
        return isUsual || names.allSatisfy { $0.begins(with: wrapper) } ? wrapper : ""
    }
}

extension Architecture {
    /// The first architecture of which a checkpoint with these names may be: one whose attribute stands before the
    /// embeddings, else one whose layers have these names.
    static func told(by names: [String], among known: [Architecture]) -> Architecture? {
        known.first { architecture in
            let anchors = architecture.tensors.anchors.map { architecture.prefix + $0 }
            return names.contains { name in anchors.contains { name == $0 || name.ends(with: ".\($0)") } }
        }
            ?? known.first { architecture in
                let tensors = ModelTensors(TensorsOfAnyShape(names: names), architecture)
                let own = architecture.tensors
                return own.anchors.contains(where: tensors.contains)
                    && tensors.contains("\(own.layer(0)).\(own.query).weight")
                    && tensors.contains("embeddings.embedding_transformation.weight")
                        == (own.embeddingTransformation != nil)
            }
    }

    /// The beginning of the names of the base model's tensors in a checkpoint of a class with a head.
    var prefix: String { "\(modelType)." }

    /// Whether the base model has the tensor.
    func isOfBaseModel(_ name: String) -> Bool {
        let modules = [tensors.words, tensors.layers] + (pooler.isOfBaseModel ? [tensors.pooler] : [])
        return modules.contains { name.begins(with: $0.pieces(separatedBy: ".")[0] + ".") }
    }
}

/// Names without a file. Every tensor has the shape that is asked for.
private struct TensorsOfAnyShape: NamedTensors {
    let source = ""
    let tensorNames: [String]
    private let set: Set<ExactText>

    init(names: [String]) {
        tensorNames = names
        set = Set(names.map { ExactText($0) })
    }

    func contains(_ name: String) -> Bool { set.contains(ExactText(name)) }
    func shape(_ name: String) -> [Int]? { nil }
    func check(_ name: String, shape: [Int]) {}
    func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) {}

    func float32(_ name: String, shape: [Int]) -> [Float] {
        Array(repeating: 0, count: shape.reduce(1, *))
    }
}
