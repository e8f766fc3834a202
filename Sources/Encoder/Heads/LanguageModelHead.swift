internal import LinearAlgebra

/// The head of a masked language model: a dense layer with the model's activation and LayerNorm, then a product with
/// the word embeddings and a bias for each word piece.
///
/// MobileBERT's embeddings are narrower than its hidden states; transformers' `MobileBertLMPredictionHead` joins them
/// with a matrix of its own for the other inputs.
struct LanguageModelHead: Sendable {
    /// In float32, and reads the hidden states' stream.
    let transform: LinearLayer
    let norm: LayerNorm
    /// [vocabulary, hidden_size], in bfloat16 unless the model computes in float32.
    let decoder: LinearLayer

    /// Positions in one product with the decoder, the model's largest matrix: enough for each of its weights to be
    /// worth its way from memory, few enough for 8 MB of logits of the usual 30,522 word pieces.
    static let positionsAtOnce = 64

    /// Rows of ``positionsAtOnce`` in a worker's arena.
    struct Regions {
        /// [positions, hidden_size]: hidden states, and what the decoder reads.
        var hidden = MatrixRegion(rows: 0, columns: 0)
        var transformed = MatrixRegion(rows: 0, columns: 0)
        /// What the decoder reads, in its weight's format.
        var operand = OperandScratch()
        /// [positions, vocabulary].
        var logits = MatrixRegion(rows: 0, columns: 0)
    }

    /// The logits of the positions that the block's texts ask for, row by row of the batch, [positions, vocabulary].
    func logits(_ pass: BlockPass, _ requests: [OutputRequest], team: some Team) -> [Int: [Float]] {
        var places: [(row: Int, token: Int)] = []
        var values: [Int: [Float]] = [:]
        for row in pass.block.rows where pass.packed.failures[row] == nil {
            guard case .maskedTokenLogits(let positions) = requests[row] else { continue }
            let first = pass.rows(ofText: row).lowerBound
            places += positions.map { (row, first + $0) }
            values[row] = []
            values[row]?.reserveCapacity(positions.count * decoder.weight.outputs)
        }
        for start in stride(from: 0, to: places.count, by: Self.positionsAtOnce) {
            let part = places[start..<min(start + Self.positionsAtOnce, places.count)]
            let at = pass.at.languageModel
            for (index, place) in part.enumerated() {
                let source = pass.at.hidden.rows(place.token..<place.token + 1)
                pass.workspace.arena.copyRow(source, to: at.hidden.rows(index..<index + 1))
            }
            let logits = run(part.count, pass, team: team)
            pass.workspace.arena.withSpan { stored in
                for (index, place) in part.enumerated() {
                    let row = logits.rows(index..<index + 1)
                    Self.append(stored, row.offset..<row.end, to: &values[place.row, default: []])
                }
            }
        }
        return values
    }

    private static func append(_ stored: Span<Float>, _ range: Range<Int>, to values: inout [Float]) {
        for index in range { values.append(stored[index]) }
    }

    /// Runs the head over the first `count` rows of its regions; the team divides the decoder's columns.
    private func run(_ count: Int, _ pass: BlockPass, team: some Team) -> MatrixRegion {
        let (at, workspace) = (pass.at.languageModel, pass.workspace)
        let transformed = at.transformed.rows(0..<count)
        let logits = at.logits.rows(0..<count)
        transform.multiply(
            at.hidden.rows(0..<count),
            OperandScratch(),
            into: transformed,
            columns: 0..<transformed.columns,
            of: workspace.arena
        )
        if transform.appliesActivationAfterwards { transform.activate(transformed, of: workspace.arena) }
        pass.arithmetic.apply(norm, to: transformed, of: workspace.arena)
        let operand = decoder.prepare(transformed, in: at.operand.rows(0..<count), of: workspace.arena)
        team.run { [decoder, count = team.count] member in
            let share = Share(member: member, count: count, division: .columns, barrier: workspace.barrier)
            decoder.multiply(
                transformed,
                operand,
                into: logits,
                columns: share.productColumns(logits.columns, step: decoder.columnStep),
                of: workspace.arena
            )
        }
        if decoder.appliesActivationAfterwards { decoder.activate(logits, of: workspace.arena) }
        return logits
    }
}
