import JSON
package import ModelFiles

/// A model folder in the layout of sentence-transformers: `modules.json` names the modules that a text goes through, in
/// order, with the folder of each. Without it, the folder is a transformer alone, pooled as 1_Pooling says.
package struct SentenceTransformerFolder: Sendable, Equatable {
    /// The modules that are supported, by the last part of the class's name.
    enum ModuleType: String, Sendable, CaseIterable {
        case transformer = "Transformer"
        case pooling = "Pooling"
        case dense = "Dense"
        case layerNorm = "LayerNorm"
        case normalize = "Normalize"
        /// Does nothing outside of training.
        case dropout = "Dropout"

        /// The names that the first versions had for transformers.
        private static let formerNames = ["BERT", "DistilBERT"]

        init?(named name: String) {
            self.init(rawValue: Self.formerNames.contains(name) ? Self.transformer.rawValue : name)
        }
    }

    /// A module with its folder.
    struct Module: Sendable, Equatable {
        let type: ModuleType
        let directory: String
    }

    /// The folder.
    package let directory: String
    /// Where config.json, the tokenizer and the weights lie.
    package let transformerDirectory: String
    /// The folder of the pooling's config.json; nil if no file describes pooling.
    let poolingDirectory: String?
    /// The modules after the pooling; nil without a `modules.json`.
    let modules: [Module]?

    /// The folders of the pooling and of the modules after it. The vectors depend on every file in them.
    package var moduleDirectories: [String] {
        let all = (poolingDirectory.map { [$0] } ?? []) + (modules ?? []).map(\.directory)
        return all.filter { $0 != directory && $0 != transformerDirectory }
    }

    /// Reads `modules.json`, if there is one.
    /// - Throws: what is wrong with it, or which module is not supported.
    package init(directory: String) throws(ModelError) {
        self.directory = directory
        guard let list = try ModuleList(directory: directory) else {
            transformerDirectory = directory
            let pooling = "\(directory)/\(ModelFile.poolingFolder)"
            poolingDirectory = OpenFile.exists(ModelFile.configuration.path(in: pooling)) ? pooling : nil
            modules = nil
            return
        }
        let path = list.file
        var listed = try list.entries.map { entry throws(ModelError) in try Module(entry, in: directory) }
        guard let transformer = listed.first, transformer.type == .transformer else {
            throw .wrongValue(
                file: path,
                key: "[0].type",
                found: listed.first.map { "\"\($0.type.rawValue)\"" } ?? "no module",
                expected: "a Transformer first"
            )
        }
        transformerDirectory = transformer.directory
        listed.removeFirst()
        poolingDirectory = listed.first?.type == .pooling ? listed.removeFirst().directory : nil
        // A cross-encoder's folder has a transformer alone, and its vectors are pooled by the mean.
        guard poolingDirectory != nil || listed.isEmpty else {
            throw .wrongValue(
                file: path,
                key: "[1].type",
                found: "\"\(listed[0].type.rawValue)\"",
                expected: "a Pooling behind the Transformer"
            )
        }
        if let index = listed.firstIndex(where: { [.transformer, .pooling].contains($0.type) }) {
            throw .wrongValue(
                file: path,
                key: "[\(index + 2)].type",
                found: "a second \(listed[index].type.rawValue)",
                expected: "Dense, LayerNorm, Normalize or Dropout behind the Pooling"
            )
        }
        modules = listed
    }
}

extension SentenceTransformerFolder.Module {
    /// An entry of `modules.json`.
    fileprivate init(_ entry: ModuleList.Entry, in directory: String) throws(ModelError) {
        guard let type = SentenceTransformerFolder.ModuleType(named: entry.type) else {
            let known = SentenceTransformerFolder.ModuleType.allCases.map(\.rawValue).joined(separator: ", ")
            throw entry.section.wrong("type", .string(try entry.section.string("type")), expected: "one of \(known)")
        }
        self.type = type
        self.directory = try entry.folder(in: directory)
    }
}
