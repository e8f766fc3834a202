package import LinearAlgebra
package import ModelFiles

/// The reason why a model can't be loaded, or a sequence can't be run.
package enum EncoderError: Error, Equatable {
    /// A file of the model's folder is missing, malformed or doesn't hold what the configuration asks for.
    case checkpoint(ModelError)
    /// This machine can't compute in the chosen way.
    case backend(BackendError)
    /// A configuration that this engine cannot run, and mostly transformers cannot either; `key` is the key at fault.
    case unsupportedConfiguration(file: String, key: String, found: String, expected: String)
    /// Tensors that belong to no part of the configured model and to no known head.
    case unexpectedTensors(file: String, names: [String])
    /// A sequence without tokens.
    case emptyInput
    /// A sequence of more tokens than there are position embeddings.
    case inputTooLong(tokens: Int, limit: Int)
    /// A token id that isn't in the embedding table.
    case tokenIDOutOfRange(id: Int32, position: Int, vocabularySize: Int)
    /// A token type id that isn't in the embedding table.
    case typeIDOutOfRange(id: Int32, position: Int, typeVocabularySize: Int)
    /// A request for the hidden states of a layer that the model doesn't have.
    case layerOutOfRange(layer: Int, layers: Int)
    /// A request for a position that the text doesn't have.
    case positionOutOfRange(position: Int, tokens: Int)
    /// The model has no such output; `reason` names what its checkpoint lacks.
    case unavailableOutput(String, reason: String)
    /// The result holds NaN or an infinity: this text's values left the range of a float.
    case nonFinite(String)
}

extension EncoderError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .checkpoint(let error):
            error.description
        case .backend(let error):
            error.description
        case .unsupportedConfiguration(let file, let key, let found, let expected):
            "\(file): \"\(key)\": found \(found), expected \(expected)"
        case .unexpectedTensors(let file, let names):
            "\(file): \(names.count) tensors that the model in config.json doesn't have: "
                + names.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > 5 ? ", …" : "")
        case .emptyInput:
            "the input has no tokens"
        case .inputTooLong(let tokens, let limit):
            "the input has \(tokens) tokens, the model takes at most \(limit)"
        case .tokenIDOutOfRange(let id, let position, let vocabularySize):
            "token id \(id) at position \(position): expected 0 to \(vocabularySize - 1)"
        case .typeIDOutOfRange(let id, let position, let typeVocabularySize):
            "token type id \(id) at position \(position): expected 0 to \(typeVocabularySize - 1)"
        case .layerOutOfRange(let layer, let layers):
            "hidden states of layer \(layer): expected 0 (the embeddings) to \(layers)"
        case .positionOutOfRange(let position, let tokens):
            "position \(position) to predict: expected 0 to \(tokens - 1), the input's last token"
        case .unavailableOutput(let output, let reason):
            "the model gives no \(output): \(reason)"
        case .nonFinite(let output):
            "the \(output) of this input is not finite: its values left the range of 32-bit floats"
        }
    }
}
