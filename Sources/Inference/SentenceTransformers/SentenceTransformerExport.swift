package import Encoder
import Foundation
import JSON
package import ModelFiles

/// A sentence embedder that can be trained: how its vectors are made, and the files of sentence-transformers that the
/// trained folder has beside those of encoder and tokenizer.
package struct SentenceTransformerExport: Sendable {
    /// The poolings, whose vectors are joined one behind the other.
    package let poolings: [Pooling]
    /// Whether a Normalize follows.
    package let normalizes: Bool
    private let folder: SentenceTransformerFolder
    private let lowercases: Bool
    private let hiddenSize: Int

    /// Reads a folder. Without a modules.json it is pooled and normalized as it would be served.
    ///
    /// - Throws: what is wrong with a file, or which module has weights of its own: those are not trained.
    package init(_ folder: SentenceTransformerFolder, hiddenSize: Int) throws(ModelError) {
        self.folder = folder
        self.hiddenSize = hiddenSize
        poolings =
            try folder.poolingDirectory.map { path throws(ModelError) in
                try PoolingConfiguration(directory: path).poolings
            } ?? [.mean]
        let others = (folder.modules ?? []).filter { $0.type != .dropout && $0.type != .normalize }
        if let module = others.first {
            throw .wrongValue(
                file: ModelFile.modules.path(in: folder.directory),
                key: "type",
                found: "\"\(module.type.rawValue)\", which has weights that train does not move",
                expected: "a Transformer, a Pooling and, or not, a Normalize"
            )
        }
        normalizes = folder.modules?.contains { $0.type == .normalize } ?? true
        lowercases = try TransformerSettings(transformerDirectory: folder.transformerDirectory).lowercases
    }

    /// The files, by their paths in the folder.
    ///
    /// - Parameter maxLength: the length that texts are cut to.
    package func files(maxLength: Int) -> [(name: String, bytes: [UInt8])] {
        let pooling = "\(ModelFile.poolingFolder)/\(ModelFile.configuration.name)"
        return [
            (ModelFile.modules.name, Self.document(.array(modules))),
            (ModelFile.transformerSettings[0].name, settings(maxLength: maxLength)),
            (ModelFile.prompts.name, prompts),
            (pooling, poolingFile),
        ]
    }

    private static func document(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// The encoder lies in the folder itself, wherever it lay before.
    private var modules: [JSONValue] {
        let types =
            [("Transformer", ""), ("Pooling", ModelFile.poolingFolder)]
            + (normalizes ? [("Normalize", "2_Normalize")] : [])
        return types.enumerated().map { index, module in
            .object([
                "idx": .number("\(index)"),
                "name": .string("\(index)"),
                "path": .string(module.1),
                "type": .string("sentence_transformers.models.\(module.0)"),
            ])
        }
    }

    private func settings(maxLength: Int) -> [UInt8] {
        Self.document(.object(["max_seq_length": .number("\(maxLength)"), "do_lower_case": .boolean(lowercases)]))
    }

    /// The prompts stay as they are.
    private var prompts: [UInt8] {
        let path = ModelFile.prompts.path(in: folder.directory)
        if let data = FileManager.default.contents(atPath: path) { return [UInt8](data) }
        return Self.document(
            .object(["prompts": .object([:]), "default_prompt_name": .null, "similarity_fn_name": .string("cosine")])
        )
    }

    /// The file that was read, which may join vectors in an order of its own; else one with the mean.
    private var poolingFile: [UInt8] {
        if let directory = folder.poolingDirectory,
            let data = FileManager.default.contents(atPath: ModelFile.configuration.path(in: directory))
        {
            return [UInt8](data)
        }
        return Self.document(
            .object([
                "word_embedding_dimension": .number("\(hiddenSize)"), "pooling_mode_cls_token": .boolean(false),
                "pooling_mode_mean_tokens": .boolean(true), "pooling_mode_max_tokens": .boolean(false),
            ])
        )
    }
}
