/// The reason why a sequence can't be run.
package enum EncoderError: Error, Equatable {
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
