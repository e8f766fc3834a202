import Checkpoint
import Dispatch
package import Encoder
package import Foundation
import LinearAlgebra
import ModelFiles
import Synchronization
package import Tokenization

/// A model folder in the Hub's layout, loaded: tokenizer, encoder, head and how sentences are pooled.
package struct LoadedModel: Sendable {
    /// The folder's name, or what the operator calls it.
    package let name: String
    /// The folder's path.
    package let directory: String
    /// The folders of the model's modules, as modules.json names them.
    package let folder: SentenceTransformerFolder
    /// Where config.json, the tokenizer and the weights lie: the same folder, or one inside that modules.json names.
    package var transformerDirectory: String { folder.transformerDirectory }
    /// When it was loaded.
    package let loadedAt = Date()
    /// Nil when the folder has no vocabulary: such a model takes token ids only.
    package let tokenizer: Tokenizer?
    /// Weights and forward pass.
    package let encoder: EncoderModel
    /// How token vectors become one: pooling and the modules after it, from sentence-transformers' files; the mean if
    /// the folder has none.
    package let embedding: SentenceEmbedding
    /// The texts that may be put before inputs, from config_sentence_transformers.json.
    package let prompts: Prompts
    /// The most tokens of an input, special ones included: the number of position embeddings, or less if
    /// sentence-transformers' `max_seq_length`, or without one the tokenizer, says so.
    package let maxInputLength: Int
    /// The end at which inputs are cut where nobody says otherwise: the tokenizer's `truncation_side`.
    package var truncationDirection: TruncationDirection { tokenizer?.truncationDirection ?? .right }
    /// transformers' class, e.g. MobileBertForSequenceClassification: the first that config.json names, else that of
    /// the head that is loaded.
    package let architecture: String

    /// Loads all that serving needs. Weights are read once.
    /// - Parameters:
    ///   - folder: what `directory` holds, if that is known already.
    ///   - head: the head that the user names; nil to go by config.json and the weights.
    /// - Throws: the errors of the targets below, each of which names the file and what was expected.
    package init(
        directory: String,
        folder: SentenceTransformerFolder? = nil,
        servedName: String? = nil,
        head: Head? = nil,
        engine: ComputeOptions = ComputeOptions()
    ) throws {
        let folder = try folder ?? SentenceTransformerFolder(directory: directory)
        let settings = try TransformerSettings(transformerDirectory: folder.transformerDirectory)
        (tokenizer, encoder) = try Self.parts(folder, settings, head: head, engine: engine)
        embedding = try SentenceEmbedding(
            folder,
            hiddenSize: encoder.configuration.hiddenSize,
            arithmetic: Arithmetic(engine.backend, for: .float32)
        )
        prompts = try Prompts(inModelDirectory: directory)
        let positions = encoder.configuration.maxPositionEmbeddings
        maxInputLength = settings.maxInputLength(positions: positions, tokenizer)
        architecture = encoder.className
        name = servedName ?? URL(fileURLWithPath: directory).standardizedFileURL.lastPathComponent
        self.directory = directory
        self.folder = folder
    }

    /// Loads tokenizer and encoder at the same time.
    private static func parts(
        _ folder: SentenceTransformerFolder,
        _ settings: TransformerSettings,
        head: Head?,
        engine: ComputeOptions
    ) throws -> (Tokenizer?, EncoderModel) {
        let tokenizer = Mutex<Result<Tokenizer?, any Error>?>(nil)
        let encoder = Mutex<Result<EncoderModel, any Error>?>(nil)
        DispatchQueue.concurrentPerform(iterations: 2) { part in
            if part == 0 {
                let result = Result<Tokenizer?, any Error> {
                    do { return try Self.tokenizer(folder, settings) } catch ModelError.noTokenizer { return nil }
                }
                tokenizer.withLock { $0 = result }
            } else {
                let result = Result<EncoderModel, any Error> {
                    try EncoderModel(directory: folder.transformerDirectory, head: head, options: engine)
                }
                encoder.withLock { $0 = result }
            }
        }
        guard let tokenizer = tokenizer.withLock({ $0 }), let encoder = encoder.withLock({ $0 }) else {
            preconditionFailure("concurrentPerform returns when all is done")
        }
        return (try tokenizer.get(), try encoder.get())
    }

    /// The commit of the Hub that the folder holds, where it lies in a cache of the Hub's: `…/snapshots/<commit>`.
    package var revision: String? {
        let parts = URL(fileURLWithPath: directory).standardizedFileURL.pathComponents.suffix(2)
        guard let commit = parts.last, parts.first == "snapshots", commit.utf8.count == 40 else { return nil }
        return commit.unicodeScalars.allSatisfy(\.properties.isASCIIHexDigit) ? commit : nil
    }

    /// The most tokens of an input of a model folder, without its weights.
    /// - Parameter positions: the number of position embeddings.
    /// - Throws: `ModelError`.
    package static func maxInputLength(directory: String, positions: Int, _ tokenizer: Tokenizer) throws -> Int {
        let folder = try SentenceTransformerFolder(directory: directory)
        let settings = try TransformerSettings(transformerDirectory: folder.transformerDirectory)
        return settings.maxInputLength(positions: positions, tokenizer)
    }

    /// The tokenizer of a model folder, without its weights.
    /// - Throws: `ModelError`, also where there is none.
    package static func tokenizer(directory: String) throws -> Tokenizer {
        let folder = try SentenceTransformerFolder(directory: directory)
        return try tokenizer(folder, TransformerSettings(transformerDirectory: folder.transformerDirectory))
    }

    private static func tokenizer(
        _ folder: SentenceTransformerFolder,
        _ settings: TransformerSettings
    ) throws(ModelError) -> Tokenizer {
        try Tokenizer(
            directory: folder.transformerDirectory,
            lowercases: settings.lowercases,
            modelMaxLength: settings.maxSequenceLength
        )
    }

    /// Why the model gives values that are not finite for any input. Reads the weights again to find out.
    func causeOfNonFinite() -> ModelError {
        do throws(ModelError) {
            let configuration = try JSONSection(path: ModelFile.configuration.path(in: transformerDirectory))
            try Checkpoint(directory: transformerDirectory, configuration: configuration).checkFinite()
        } catch {
            return error
        }
        return .nonFiniteValues(directory: directory)
    }

    /// Warnings for the operator about a folder that can be served all the same, one line each.
    package var warnings: [String] {
        var warnings = encoder.warnings
        guard let tokenizer else {
            return warnings + ["no vocab.txt or tokenizer.json: only token ids are taken, no text"]
        }
        warnings += tokenizer.warnings
        let (known, embedded) = (tokenizer.vocabularySize, encoder.configuration.vocabularySize)
        if known > embedded {
            warnings.append(
                "the tokenizer has ids up to \(known - 1), the model's vocab_size is \(embedded): "
                    + "texts with others will fail"
            )
        }
        return warnings
    }
}

extension Checkpoint {
    /// Refuses a module's weights that are not finite, because then no embedding would be finite.
    func checkFinite() throws(ModelError) {
        if let tensor = try nonFiniteTensor() { throw .nonFiniteWeights(file: tensor.file, tensor: tensor.name) }
    }
}

extension TransformerSettings {
    /// The most tokens of an input: the number of position embeddings, or less if these settings, or without them the
    /// tokenizer, say so.
    fileprivate func maxInputLength(positions: Int, _ tokenizer: Tokenizer?) -> Int {
        min(positions, maxSequenceLength ?? tokenizer?.modelMaxLength ?? positions)
    }
}
