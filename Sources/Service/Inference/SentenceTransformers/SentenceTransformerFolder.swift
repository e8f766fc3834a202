import Checkpoint
import Foundation

/// A model folder as sentence-transformers lays it out: `modules.json` names the modules that a text goes through, in
/// order, and where the files of each lie. Without it the folder is a transformer alone, pooled as 1_Pooling says.
package struct SentenceTransformerFolder: Sendable, Equatable {
    /// What can be done with vectors, by the last part of a class's name.
    enum ModuleType: String, Sendable, CaseIterable {
        case transformer = "Transformer"
        case pooling = "Pooling"
        case dense = "Dense"
        case layerNorm = "LayerNorm"
        case normalize = "Normalize"
        /// Does nothing outside of training.
        case dropout = "Dropout"
    }

    /// A step behind pooling.
    struct Module: Sendable, Equatable {
        let type: ModuleType
        let directory: String
    }

    /// The folder.
    package let directory: String
    /// Where config.json, the tokenizer and the weights lie.
    package let transformerDirectory: String
    /// Where the pooling's config.json lies; nil where nothing is said of pooling.
    let poolingDirectory: String?
    /// What follows pooling; nil without a `modules.json`.
    let modules: [Module]?

    /// The folders of pooling and of what follows it, in which nothing lies but what vectors follow from.
    package var moduleDirectories: [String] {
        let all = (poolingDirectory.map { [$0] } ?? []) + (modules ?? []).map(\.directory)
        return all.filter { $0 != directory && $0 != transformerDirectory }
    }

    /// Reads `modules.json`, where there is one.
    /// - Throws: what is wrong with it, and which module is not supported.
    package init(directory: String) throws(ModelError) {
        self.directory = directory
        let path = directory + "/modules.json"
        guard FileManager.default.fileExists(atPath: path) else {
            transformerDirectory = directory
            let pooling = directory + "/1_Pooling"
            let isThere = FileManager.default.fileExists(atPath: pooling + "/config.json")
            poolingDirectory = isThere ? pooling : nil
            modules = nil
            return
        }
        var listed: [Module] = []
        do throws(CheckpointError) {
            for entry in try ConfigurationFile.list(path: path) {
                listed.append(try Module(entry, in: directory))
            }
        } catch {
            throw .unreadable(error)
        }
        guard let transformer = listed.first, transformer.type == .transformer else {
            throw .unsupported(
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
            throw .unsupported(
                file: path,
                key: "[1].type",
                found: "\"\(listed[0].type.rawValue)\"",
                expected: "a Pooling behind the Transformer"
            )
        }
        if let index = listed.firstIndex(where: { [.transformer, .pooling].contains($0.type) }) {
            throw .unsupported(
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
    /// An entry of `modules.json`: `{"type": "sentence_transformers.models.Dense", "path": "2_Dense", …}`.
    fileprivate init(_ entry: ConfigurationFile, in directory: String) throws(CheckpointError) {
        let name = try entry.string("type")
        guard let type = SentenceTransformerFolder.ModuleType(rawValue: String(name.split(separator: ".").last ?? ""))
        else {
            let known = SentenceTransformerFolder.ModuleType.allCases.map(\.rawValue).joined(separator: ", ")
            throw .wrongValue(file: entry.path, key: "type", found: "\"\(name)\"", expected: "one of \(known)")
        }
        let path = try entry.string("path", default: "")
        // A folder that was downloaded must not lead out of itself.
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw .wrongValue(file: entry.path, key: "path", found: "\"\(path)\"", expected: "a folder in this one")
        }
        self.type = type
        self.directory = path.isEmpty ? directory : "\(directory)/\(path)"
    }
}
