package import JSON
import ModelFiles

/// The files of a repository that this program needs for a model, and no others.
///
/// They are found in two steps, because some files name others: first the files in ``first``, then the files that those
/// name (``rest(configuration:modules:)``).
package struct NeededFiles: Sendable {
    /// All needed files, except those that an index, config.json or modules.json names.
    package let first: [String]

    private let files: Set<ExactText>
    private let id: ModelID

    /// The list of sentence-transformers' modules. Without it, the model is the repository's root.
    package static let modules = ModelFile.modules.name
    /// The files, other than weights, in every folder that `modules.json` names; and the files that only the root has.
    private static let folderFiles = ModelFile.all.filter { $0.purpose != .weights && !$0.isAtRootOnly }.map(\.name)
    private static let rootFiles = ModelFile.all.filter(\.isAtRootOnly).map(\.name)
    /// Weights, in the order in which they are preferred.
    static let weights = ModelFile.weights.map(\.name)

    /// The sizes of the model, which may also name the file of its weights.
    package static let configuration = ModelFile.configuration.name
    /// The file that describes the pooling in a repository without modules.json.
    private static let pooling = "\(ModelFile.poolingFolder)/\(configuration)"
    private static let anyWeights = "model.safetensors or pytorch_model.bin"

    /// - Throws: `notAModel`.
    package init(of files: Set<ExactText>, id: ModelID) throws(HubError) {
        self.files = files
        self.id = id
        var first = (Self.rootFiles + Self.folderFiles).filter { files.contains(ExactText($0)) }
        let weights = Self.weights.first { files.contains(ExactText($0)) }
        // With modules.json the weights may be in a folder that it names, and config.json may name any file.
        if !files.contains(ExactText(Self.modules)) {
            guard files.contains(ExactText(Self.configuration)) else {
                throw .notAModel(id: id.text, missing: Self.configuration)
            }
            guard weights != nil || files.contains(where: { ModelFile.isWeights($0.text) }) else {
                throw .notAModel(id: id.text, missing: Self.anyWeights)
            }
            if files.contains(ExactText(Self.pooling)) { first.append(Self.pooling) }
        }
        if let weights { first.append(weights) }
        self.first = first
    }

    /// The files of the second step: those that config.json or modules.json names, and the files beside them. The parts
    /// that an index names come last (``parts(_:of:)``).
    ///
    /// - Parameters:
    ///   - configuration: the content of config.json.
    ///   - modules: the content of modules.json.
    /// - Throws: `unsafePath`, `noFile`, `notAModel`, or `malformedAnswer` for a file without these names.
    package func rest(configuration: [UInt8]?, modules: [UInt8]?) throws(HubError) -> [String] {
        var found: [String] = []
        var hasWeights = first.contains { Self.weights.contains($0) }
        if let stated = configuration.flatMap(Self.statedWeights) {
            let path = try RepositoryPath.checked(stated)
            guard files.contains(ExactText(path)) else { throw .noFile(id: id.text, file: path) }
            if !first.contains(path) { found.append(path) }
            hasWeights = true
        }
        let folders = try modules.map { (bytes) throws(HubError) in try Self.folders(bytes) } ?? []
        for folder in folders where !folder.isEmpty {
            let here = Self.folderFiles.map { "\(folder)/\($0)" }.filter { files.contains(ExactText($0)) }
            let weights = Self.weights.map { "\(folder)/\($0)" }.first { files.contains(ExactText($0)) }
            found += here + (weights.map { [$0] } ?? [])
            hasWeights = hasWeights || weights != nil
        }
        guard hasWeights else { throw .notAModel(id: id.text, missing: Self.anyWeights) }
        return found
    }

    /// The parts that the index `file` with the given content names. They are in the model's folder or the module's:
    /// that of the index, but for one that config.json names.
    package func parts(_ content: [UInt8], of file: String) throws(HubError) -> [String] {
        let isOfModule = Self.weights.contains { file.ends(with: "/\($0)") }
        let slash = isOfModule ? file.unicodeScalars.lastIndex(of: "/") : nil
        let folder = slash.map { file[...$0] } ?? ""
        return try Self.partNames(content, file: file).map { (name) throws(HubError) in
            let path = try RepositoryPath.checked(folder + name)
            guard files.contains(ExactText(path)) else { throw .noFile(id: id.text, file: path) }
            return path
        }
    }

    /// The file names in an index's `weight_map`, each once, sorted.
    static func partNames(_ index: [UInt8], file: String) throws(HubError) -> [String] {
        guard let section = try? JSONSection(bytes: index, path: file), let map = try? section.stringMap("weight_map")
        else {
            throw .malformedAnswer(url: file, found: "no weight_map of files' names", expected: "an index of weights")
        }
        return Set(map.values.map { ExactText(ModelFile.pathInside($0) ?? $0) }).sortedTexts
    }

    /// The file of weights that a config.json names. One that cannot be loaded names none.
    static func statedWeights(_ configuration: [UInt8]) -> String? {
        let section = try? JSONSection(bytes: configuration, path: Self.configuration)
        return section.flatMap { try? ModelFile.statedWeights(in: $0)?.name }
    }

    /// The folders in modules.json, in its order; the root is empty.
    static func folders(_ modules: [UInt8]) throws(HubError) -> [String] {
        guard let list = try? ModuleList(bytes: modules, file: Self.modules) else {
            throw .malformedAnswer(url: Self.modules, found: "no list", expected: "a list of modules")
        }
        return try list.entries.map { (module) throws(HubError) in
            module.path.isEmpty ? "" : try RepositoryPath.checked(module.path)
        }
    }

    /// The optional files whose absence is noted in the cache.
    package static let optional = rootFiles
}

/// The paths of files in a repository. Its author chose them, so they cannot be trusted.
package enum RepositoryPath {
    /// Most bytes of a path.
    private static let maxLength = 1024

    /// Whether a path stays inside the folder that it is put into, on any system: it must be relative and consist of
    /// plain names.
    package static func isSafe(_ path: String) -> Bool {
        guard path.utf8.count <= maxLength else { return false }
        let parts = path.pieces(separatedBy: "/")
        return parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && !part.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0 == "\\" }
        }
    }

    /// The path, if it is safe.
    /// - Throws: `unsafePath`.
    package static func checked(_ path: String) throws(HubError) -> String {
        guard isSafe(path) else { throw .unsafePath(path) }
        return path
    }

    /// The number of folders in a path: `1_Pooling/config.json` is at depth 1.
    static func depth(_ path: String) -> Int { path.utf8.count { $0 == UInt8(ascii: "/") } }
}
