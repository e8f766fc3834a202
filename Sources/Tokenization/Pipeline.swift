/// What becomes of a text until it is tokens: normalizer, pre-tokenizer and model, with the added tokens between them.
enum Pipeline: ~Copyable, Sendable {
    /// BERT's own parts.
    case bert(BertPipeline)
    /// Any parts.
    case parts(PartsPipeline)

    /// The usual number of bytes for each token of a text. Memory for more tokens is added as they come.
    static let bytesPerToken = 4

    init(_ parts: TokenizerParts) {
        let keepsAddedTexts = parts.postProcessor.trimsOffsets
        if case .bert(let normalizer) = parts.normalizer, parts.preTokenizer.isBert,
            case .wordPiece(let wordPiece) = parts.model, !keepsAddedTexts
        {
            self = .bert(BertPipeline(normalizer: normalizer, wordPiece: wordPiece))
        } else {
            self = .parts(
                PartsPipeline(
                    normalizer: parts.normalizer,
                    preTokenizer: parts.preTokenizer,
                    model: parts.model,
                    keepsAddedTexts: keepsAddedTexts
                )
            )
        }
    }

    /// The tokens of one text, with offsets into it.
    func tokens(of bytes: Span<UInt8>, addedTokens: borrowing AddedTokens) throws(TokenizerError) -> TokenSequence {
        switch self {
        case .bert(let pipeline): pipeline.tokens(of: bytes, addedTokens: addedTokens)
        case .parts(let pipeline): try pipeline.tokens(of: bytes, addedTokens: addedTokens)
        }
    }
}

/// A pipeline of any parts, which are used one after another as in `tokenizers`. The parts break off when nobody waits
/// for the tokens any more (``Patience``).
struct PartsPipeline: ~Copyable, Sendable {
    let normalizer: Normalizer
    let preTokenizer: PreTokenizer
    let model: TokenizationModel
    /// Whether the tokens come with ``TokenSequence/addedTexts``.
    let keepsAddedTexts: Bool

    fileprivate func tokens(
        of bytes: Span<UInt8>,
        addedTokens: borrowing AddedTokens
    ) throws(TokenizerError) -> TokenSequence {
        var tokens = TokenSequence()
        tokens.reserveCapacity(bytes.count / Pipeline.bytesPerToken + 1)
        var patience = Patience()
        for piece in addedTokens.verbatim.pieces(of: bytes) {
            if let id = piece.id {
                tokens.append(id, from: piece.range.lowerBound, to: piece.range.upperBound)
                if keepsAddedTexts { tokens.addedTexts[tokens.count - 1] = piece.range.map { bytes[$0] } }
                continue
            }
            let text = try normalizer.normalized(bytes, piece.range)
            for part in addedTokens.normalized.pieces(of: text.bytes.span) {
                let firstToken = tokens.count
                if let id = part.id {
                    tokens.append(id, from: part.range.lowerBound, to: part.range.upperBound)
                    if keepsAddedTexts { tokens.addedTexts[firstToken] = part.range.map { text.bytes[$0] } }
                } else {
                    for word in try preTokenizer.words(in: text.bytes.span, part.range) where patience.lasts() {
                        model.tokenize(text.bytes.span, word, into: &tokens)
                    }
                }
                for index in firstToken..<tokens.count where patience.lasts() {
                    tokens.offsets[index] = text.original(tokens.offsets[index])
                }
            }
        }
        return tokens
    }
}

extension AddedTokenMatcher {
    /// The parts of a text, in their order.
    fileprivate func pieces(of bytes: Span<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        let identity = UTF8Bytes.identity
        forEachPiece(of: bytes, folding: identity.span) { pieces.append($0) }
        return pieces
    }
}
