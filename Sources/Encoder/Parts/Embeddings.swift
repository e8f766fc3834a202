internal import LinearAlgebra

/// Word (in MobileBERT joined with its neighbours), position and, but for DistilBERT, token type embeddings.
struct Embeddings: Sendable {
    /// How word embeddings become as wide as hidden states.
    enum Transformation: Sendable {
        /// Word embeddings have that width already.
        case none
        /// A dense layer over the token's embedding.
        case token(LinearLayer)
        /// A dense layer over the embeddings of the next token, the token and the one before, with zeros beyond the
        /// text's own ends (MobileBERT, section 3.1: "a 1D convolution with kernel size 3").
        case trigram(LinearLayer)
    }

    let words: EmbeddingTable
    let positions: EmbeddingTable
    let types: EmbeddingTable?
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

    /// Writes the block's hidden states.
    func forward(_ pass: BlockPass) {
        let own = pass.slice.part(of: pass.count)
        for sequence in pass.block.sequences {
            let rows = pass.rows(ofSequence: sequence)
            for row in own.clamped(to: rows.all) { lookUp(row, of: rows, pass) }
        }
        pass.slice.meetAfterColumns()
        switch transformation {
        case .none: pass.normalize(pass.at.hidden, by: norm)
        case .token(let layer), .trigram(let layer):
            pass.apply(layer, to: pass.at.embedded, into: pass.at.hidden, norm: norm)
        }
    }

    /// Looks up the token of a row of the block, which belongs to the text in `rows`.
    private func lookUp(_ row: Int, of rows: SequenceRows, _ pass: BlockPass) {
        let (at, workspace) = (pass.at, pass.workspace)
        let position = rows.position(ofRow: row)
        let token = pass.block.tokens.lowerBound + rows.all.lowerBound + position
        let hidden = at.hidden.rows(row..<row + 1).offset
        positions.copy(row: position, to: hidden, of: workspace.arena)
        types?.add(row: Int(pass.packed.typeIDs[token]), to: hidden, of: workspace.arena)
        let word = Int(pass.packed.inputIDs[token])
        switch transformation {
        case .none:
            words.add(row: word, to: hidden, of: workspace.arena)
        case .token:
            words.copy(row: word, to: at.embedded.rows(row..<row + 1).offset, of: workspace.arena)
        case .trigram:
            let start = at.embedded.rows(row..<row + 1).offset
            copyWord(at: position + 1, of: rows, pass, to: start)
            words.copy(row: word, to: start + words.paddedWidth, of: workspace.arena)
            copyWord(at: position - 1, of: rows, pass, to: start + 2 * words.paddedWidth)
        }
    }

    /// Copies a neighbour's embedding, or zeros where the text has no such token. A masked neighbour counts: the
    /// attention mask hides it from attention only.
    private func copyWord(at position: Int, of rows: SequenceRows, _ pass: BlockPass, to offset: Int) {
        guard rows.all.contains(rows.all.lowerBound + position) else {
            return pass.workspace.arena.clear(offset..<offset + words.paddedWidth)
        }
        let word = Int(pass.packed.inputIDs[pass.block.tokens.lowerBound + rows.all.lowerBound + position])
        words.copy(row: word, to: offset, of: pass.workspace.arena)
    }
}
