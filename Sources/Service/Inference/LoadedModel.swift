package import Checkpoint
import Dispatch
package import Encoder
package import Foundation
import LinearAlgebra
import Synchronization
package import Tokenization

/// A model folder in the Hub's layout, loaded: tokenizer, encoder, head and how sentences are pooled.
package struct LoadedModel: Sendable {
    /// The folder's name, or what the operator calls it.
    package let name: String
    /// The folder's path.
    package let directory: String
    /// Where config.json, the tokenizer and the weights lie: the same folder, or one inside that modules.json names.
    package let transformerDirectory: String
    /// When it was loaded.
    package let loadedAt = Date()
    /// Nil when the folder has no vocabulary: such a model takes token ids only.
    package let tokenizer: Tokenizer?
    /// Weights and forward pass.
    package let encoder: EncoderModel
    /// How token vectors become one: pooling and what follows it, as sentence-transformers' files say; the mean where
    /// there are none.
    package let embedding: SentenceEmbedding
    /// What may be put before texts; none where config_sentence_transformers.json has none.
    package let prompts: Prompts
    /// Most tokens of an input, special ones included: the position embeddings' number, or less if
    /// sentence-transformers' `max_seq_length` says so, or without one the tokenizer.
    package let maxInputLength: Int
    /// The class that config.json names, e.g. MobileBertForSequenceClassification.
    package let architecture: String

    /// Loads what serving needs; reads weights once.
    /// - Throws: the rooms' own errors, each naming the file and what was expected.
    package init(
        directory: String,
        servedName: String? = nil,
        engine: EngineOptions = EngineOptions()
    ) throws {
        let folder = try SentenceTransformerFolder(directory: directory)
        let settings = try TransformerSettings(transformerDirectory: folder.transformerDirectory)
        (tokenizer, encoder) = try Self.parts(folder, settings, engine: engine)
        embedding = try SentenceEmbedding(
            folder,
            hiddenSize: encoder.configuration.hiddenSize,
            arithmetic: Arithmetic(engine.backend, for: .float32)
        )
        prompts = try Prompts(inModelDirectory: directory)
        let positions = encoder.configuration.maxPositionEmbeddings
        maxInputLength = min(positions, settings.maxSequenceLength ?? tokenizer?.modelMaxLength ?? positions)
        let configuration = encoder.configuration
        architecture = configuration.architectures.first ?? configuration.architecture.family + "Model"
        name = servedName ?? URL(fileURLWithPath: directory).standardizedFileURL.lastPathComponent
        self.directory = directory
        transformerDirectory = folder.transformerDirectory
    }

    /// Tokenizer and encoder, loaded side by side: each takes its time.
    private static func parts(
        _ folder: SentenceTransformerFolder,
        _ settings: TransformerSettings,
        engine: EngineOptions
    ) throws -> (Tokenizer?, EncoderModel) {
        let tokenizer = Mutex<Result<Tokenizer?, any Error>?>(nil)
        let encoder = Mutex<Result<EncoderModel, any Error>?>(nil)
        DispatchQueue.concurrentPerform(iterations: 2) { part in
            if part == 0 {
                let result = Result<Tokenizer?, any Error> {
                    do { return try Self.tokenizer(folder, settings) } catch TokenizerError.noTokenizer { return nil }
                }
                tokenizer.withLock { $0 = result }
            } else {
                let result = Result<EncoderModel, any Error> {
                    try EncoderModel(directory: folder.transformerDirectory, options: engine)
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
        guard let commit = parts.last, parts.first == "snapshots", commit.count == 40 else { return nil }
        return commit.allSatisfy(\.isHexDigit) ? commit : nil
    }

    /// The tokenizer of a model folder by itself, without its weights.
    /// - Throws: `TokenizerError` and `ModelError`; also where there is none.
    package static func tokenizer(directory: String) throws -> Tokenizer {
        let folder = try SentenceTransformerFolder(directory: directory)
        return try tokenizer(folder, TransformerSettings(transformerDirectory: folder.transformerDirectory))
    }

    private static func tokenizer(
        _ folder: SentenceTransformerFolder,
        _ settings: TransformerSettings
    ) throws(TokenizerError) -> Tokenizer {
        try Tokenizer(
            directory: folder.transformerDirectory,
            lowercases: settings.lowercases,
            modelMaxLength: settings.maxSequenceLength
        )
    }

    /// Why the model gives values that are not finite whatever its input, for which its weights are read again.
    func causeOfNonFinite() -> ModelError {
        do throws(CheckpointError) {
            if let tensor = try Checkpoint(directory: transformerDirectory).nonFiniteTensor() {
                return .nonFiniteWeights(file: tensor.file, tensor: tensor.name)
            }
        } catch {
            return .unreadable(error)
        }
        return .nonFiniteValues(directory: directory)
    }

    /// What an operator should know of this folder, though it can be served; nil when there is nothing.
    package var warning: String? {
        guard let tokenizer else { return "no vocab.txt or tokenizer.json: only token ids are taken, no text" }
        let (known, embedded) = (tokenizer.vocabularySize, encoder.configuration.vocabularySize)
        guard known > embedded else { return nil }
        return "the tokenizer has ids up to \(known - 1), the model's vocab_size is \(embedded): "
            + "texts with others will fail"
    }
}

/// Parts of a model folder that do not fit together.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    /// A file of sentence-transformers asks for what is not supported, or does not fit the rest.
    case unsupported(file: String, key: String, found: String, expected: String)
    /// The first input gives values that are not finite, because these weights are not.
    case nonFiniteWeights(file: String, tensor: String)
    /// The same, although all weights are finite.
    case nonFiniteValues(directory: String)
    /// A file of sentence-transformers cannot be read.
    case unreadable(CheckpointError)
    /// A prompt that the model does not have is to be the default.
    case unknownPrompt(String, askedForBy: String, known: [String])

    package var description: String {
        switch self {
        case .unsupported(let file, let key, let found, let expected):
            "\(file): \"\(key)\": found \(found), expected \(expected)"
        case .unreadable(let error):
            "\(error)"
        case .nonFiniteWeights(let file, let tensor):
            "\(file): tensor \"\(tensor)\": found NaN or an infinity, which makes results so; expected finite weights"
        case .nonFiniteValues(let directory):
            "\(directory): the first input's values leave the range of 32-bit floats, although all weights are finite; "
                + "expected weights as trained"
        case .unknownPrompt(let name, let place, let known):
            "\(place): the model has no prompt \"\(name)\"; it has "
                + (known.isEmpty ? "none" : known.map { "\"\($0)\"" }.joined(separator: ", "))
        }
    }

    /// Refuses a module's weights that are not finite: every embedding would not be.
    static func checkFinite(_ weights: Checkpoint) throws(ModelError) {
        let tensor: (file: String, name: String)?
        do throws(CheckpointError) { tensor = try weights.nonFiniteTensor() } catch { throw .unreadable(error) }
        if let tensor { throw .nonFiniteWeights(file: tensor.file, tensor: tensor.name) }
    }
}
