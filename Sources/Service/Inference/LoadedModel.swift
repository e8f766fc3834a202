import Checkpoint
package import Encoder
import Foundation
package import Tokenization

/// A model folder in the Hub's layout, loaded: tokenizer, encoder, head and how sentences are pooled.
package struct LoadedModel: Sendable {
    /// The folder's name, or what the operator calls it.
    package let name: String
    package let directory: String
    package let tokenizer: Tokenizer
    package let encoder: MobileBertModel
    /// From 1_Pooling/config.json, as sentence-transformers writes it; mean where there is none.
    package let defaultPooling: Pooling
    /// Most tokens of an input, special ones included: the position embeddings' number, or less if the tokenizer
    /// says so.
    package let maxInputLength: Int
    /// The class that config.json names, e.g. MobileBertForSequenceClassification.
    package let architecture: String

    /// Loads what serving needs; reads weights once.
    /// - Throws: the rooms' own errors, each naming the file and what was expected.
    package init(directory: String, servedName: String? = nil) throws {
        let configuration = try ConfigurationFile(path: directory + "/config.json")
        tokenizer = try Tokenizer(directory: directory)
        encoder = try MobileBertModel(directory: directory)
        defaultPooling = try PoolingConfiguration.pooling(inModelDirectory: directory) ?? .mean
        let positions = encoder.configuration.maxPositionEmbeddings
        maxInputLength = min(positions, tokenizer.modelMaxLength ?? positions)
        architecture = try configuration.strings("architectures")?.first ?? "MobileBertModel"
        name = servedName ?? URL(fileURLWithPath: directory).standardizedFileURL.lastPathComponent
        self.directory = directory
        guard tokenizer.vocabularySize <= encoder.configuration.vocabularySize else {
            throw ModelError.vocabularyMismatch(
                directory: directory,
                tokenizer: tokenizer.vocabularySize,
                model: encoder.configuration.vocabularySize
            )
        }
        if defaultPooling == .pooler, !encoder.hasPooler { throw ModelError.poolerMissing(directory: directory) }
    }
}

/// Parts of a model folder that do not fit together.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    case vocabularyMismatch(directory: String, tokenizer: Int, model: Int)
    case poolerMissing(directory: String)
    case unsupportedPooling(file: String, modes: [String])

    package var description: String {
        switch self {
        case .vocabularyMismatch(let directory, let tokenizer, let model):
            """
            \(directory): the tokenizer has ids up to \(tokenizer - 1), but vocab_size in config.json is \(model); \
            the vocabulary belongs to another checkpoint
            """
        case .poolerMissing(let directory):
            "\(directory): 1_Pooling/config.json asks for the pooler, which the checkpoint lacks"
        case .unsupportedPooling(let file, let modes):
            "\(file): pooling by \(modes.joined(separator: " + ")) is not supported; expected exactly one of mean or cls"
        }
    }
}
