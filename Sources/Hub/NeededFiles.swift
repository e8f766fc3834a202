import JSON

/// Which files of a repository are a model: what this program reads of them, and nothing else.
///
/// In two steps, because some files name others: ``first`` comes first, and ``rest(index:modules:)`` what it names.
struct NeededFiles: Sendable {
    /// Everything but what an index or modules.json names.
    let first: [String]
    /// The index of the weights' parts, where they are in parts.
    let index: String?

    private let files: Set<String>
    private let id: ModelID

    /// What lists sentence-transformers' modules; without it the model is the repository's root.
    static let modules = "modules.json"
    /// What a model's folder may hold beside its configuration and weights.
    private static let companions = [
        "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "sentence_bert_config.json",
    ]
    private static let rootCompanions = [modules, "config_sentence_transformers.json"]
    /// Weights, in the order in which they are preferred: of safetensors nothing is executed.
    static let weights = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    ]

    private static let anyWeights = "model.safetensors or pytorch_model.bin"

    /// - Throws: `notAModel`.
    init(of files: Set<String>, id: ModelID) throws(HubError) {
        self.files = files
        self.id = id
        var first = (Self.rootCompanions + Self.companions + ["config.json"]).filter(files.contains)
        let weights = Self.weights.first(where: files.contains)
        // With modules.json the weights may be in a folder that it names.
        if !files.contains(Self.modules) {
            guard files.contains("config.json") else { throw .notAModel(id: id.text, missing: "config.json") }
            guard weights != nil else { throw .notAModel(id: id.text, missing: Self.anyWeights) }
        }
        if let weights { first.append(weights) }
        index = weights.flatMap { $0.hasSuffix(".index.json") ? $0 : nil }
        self.first = first
    }

    /// What the files of the first step name, and what stands beside it.
    ///
    /// - Parameters:
    ///   - index: the content of ``index``.
    ///   - modules: the content of modules.json.
    /// - Throws: `unsafePath`, `noFile`, `notAModel`, or `malformedAnswer` for a file that does not say it.
    func rest(index: [UInt8]?, modules: [UInt8]?) throws(HubError) -> [String] {
        var found: [String] = []
        if let index { found += try parts(index, in: "") }
        let folders = try modules.map { (bytes) throws(HubError) in try Self.folders(bytes) } ?? []
        var hasWeights = first.contains { Self.weights.contains($0) }
        for folder in folders where !folder.isEmpty {
            let here = (["config.json"] + Self.companions).map { "\(folder)/\($0)" }.filter(files.contains)
            let weights = Self.weights.map { "\(folder)/\($0)" }.first(where: files.contains)
            found += here + (weights.map { [$0] } ?? [])
            hasWeights = hasWeights || weights != nil
        }
        guard hasWeights else { throw .notAModel(id: id.text, missing: Self.anyWeights) }
        return found
    }

    /// The parts that an index names, which lie beside it.
    func parts(_ index: [UInt8], in folder: String) throws(HubError) -> [String] {
        let names = try Self.partNames(index, file: self.index ?? "index")
        return try names.map { (name) throws(HubError) in
            let path = try RepositoryPath.checked(folder.isEmpty ? name : "\(folder)/\(name)")
            guard files.contains(path) else { throw .noFile(id: id.text, file: path) }
            return path
        }
    }

    /// The file names in an index's `weight_map`, each once, sorted.
    static func partNames(_ index: [UInt8], file: String) throws(HubError) -> [String] {
        guard case .object(let object)? = try? JSONParser.parse(index), case .object(let map)? = object["weight_map"]
        else {
            throw .malformedAnswer(url: file, found: "no weight_map", expected: "an index of weights")
        }
        var names: Set<String> = []
        for member in map.members {
            guard case .string(let name) = member.value else {
                throw .malformedAnswer(url: file, found: member.value.kind, expected: "a file's name")
            }
            names.insert(name)
        }
        return names.sorted()
    }

    /// The folders in modules.json, in its order; the root is empty.
    static func folders(_ modules: [UInt8]) throws(HubError) -> [String] {
        guard case .array(let list)? = try? JSONParser.parse(modules) else {
            throw .malformedAnswer(url: Self.modules, found: "no list", expected: "a list of modules")
        }
        return try list.map { (module) throws(HubError) in
            guard case .object(let object) = module, case .string(let path)? = object["path"] else {
                throw .malformedAnswer(url: Self.modules, found: "a module without path", expected: "a folder")
            }
            return path.isEmpty ? path : try RepositoryPath.checked(path)
        }
    }

    /// The names of which a cache should know whether a repository has them, beside those it must have.
    static let optional = rootCompanions
}
