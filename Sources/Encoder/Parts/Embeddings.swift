internal import LinearAlgebra

/// transformers' `MobileBertEmbeddings`: word (joined with its neighbours), position and token type embeddings.
struct Embeddings: Sendable {
    /// How word embeddings become as wide as hidden states.
    enum Transformation: Sendable {
        /// They are.
        case none
        /// A dense layer over the token's embedding.
        case token(PackedWeight)
        /// A dense layer over the embeddings of the next token, the token and the one before, with zeros beyond the
        /// text's own ends (MobileBERT, section 3.1: "a 1D convolution with kernel size 3").
        case trigram(PackedWeight)
    }

    let words: EmbeddingTable
    let positions: EmbeddingTable
    let types: EmbeddingTable
    let transformation: Transformation
    let norm: NormStep

    /// Floats of a token's row in the transformation's input.
    var embeddedWidth: Int {
        switch transformation {
        case .none: 0
        case .token: words.paddedWidth
        case .trigram: 3 * words.paddedWidth
        }
    }

    /// Writes the block's part of the hidden states.
    func forward(_ block: PackedBatch.Block, of packed: PackedBatch, _ at: BlockRegions, arena: inout AlignedBuffer) {
        for row in block.rows {
            let tokens = packed.tokens(ofRow: row)
            for token in tokens {
                let index = token - block.tokens.lowerBound
                let hidden = at.hidden.rows(index..<index + 1).offset
                positions.copy(row: token - tokens.lowerBound, to: hidden, of: &arena)
                types.add(row: Int(packed.typeIDs[token]), to: hidden, of: &arena)
                let word = Int(packed.inputIDs[token])
                switch transformation {
                case .none:
                    words.add(row: word, to: hidden, of: &arena)
                case .token:
                    words.copy(row: word, to: at.embedded.rows(index..<index + 1).offset, of: &arena)
                case .trigram:
                    let start = at.embedded.rows(index..<index + 1).offset
                    copyWord(token + 1, tokens, packed, to: start, of: &arena)
                    words.copy(row: word, to: start + words.paddedWidth, of: &arena)
                    copyWord(token - 1, tokens, packed, to: start + 2 * words.paddedWidth, of: &arena)
                }
            }
        }
        switch transformation {
        case .none: break
        case .token(let weight), .trigram(let weight):
            weight.multiply(at.embedded, into: at.hidden, of: &arena, accumulating: true)
        }
        norm.apply(to: at.hidden, of: &arena)
    }

    /// Copies a neighbour's embedding, or zeros where the text has no such token.
    private func copyWord(
        _ token: Int,
        _ tokens: Range<Int>,
        _ packed: PackedBatch,
        to offset: Int,
        of arena: inout AlignedBuffer
    ) {
        if tokens.contains(token) {
            words.copy(row: Int(packed.inputIDs[token]), to: offset, of: &arena)
        } else {
            arena.clear(offset..<offset + words.paddedWidth)
        }
    }
}
