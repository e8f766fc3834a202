/// How a word becomes tokens: the section `model` of a tokenizer.json. Another kind of model is another case.
enum TokenizationModel: Sendable {
    case wordPiece(WordPiece)

    /// The id of the token for a word that has no pieces.
    var unknownID: Int32 {
        switch self {
        case .wordPiece(let model): model.unknownID
        }
    }

    /// Whether a token, given by its bytes, continues a word that another token has begun.
    func continuesWord(_ token: ArraySlice<UInt8>) -> Bool {
        switch self {
        case .wordPiece(let model): token.starts(with: model.continuingPrefix)
        }
    }

    /// Appends the tokens of a word of normalized text, with offsets into `bytes`.
    func tokenize(_ bytes: Span<UInt8>, _ word: Range<Int>, into tokens: inout TokenSequence) {
        switch self {
        case .wordPiece(let model):
            let identity = UTF8Bytes.identity
            model.tokenize(bytes, from: word.lowerBound, to: word.upperBound, folding: identity.span, into: &tokens)
        }
    }
}
