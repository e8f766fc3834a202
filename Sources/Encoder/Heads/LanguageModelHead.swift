internal import Compute
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

    /// The logits of the positions that the block's sequences ask for, [positions, vocabulary] for each sequence.
    func logits(_ pass: BlockPass, _ requests: [OutputRequest], team: ThreadTeam) -> [Int: [Float]] {
        var places: [(sequence: Int, row: Int)] = []
        var values: [Int: [Float]] = [:]
        for sequence in pass.block.sequences where pass.packed.failures[sequence] == nil {
            guard case .maskedTokenLogits(let positions) = requests[sequence] else { continue }
            let rows = pass.rows(ofSequence: sequence)
            places += positions.map { (sequence, rows.row(ofPosition: $0)) }
            values[sequence] = []
            values[sequence]?.reserveCapacity(positions.count * decoder.weight.outputs)
        }
        let most = MaskedTokenRegions.positionsAtOnce
        for start in stride(from: 0, to: places.count, by: most) {
            let part = places[start..<min(start + most, places.count)]
            let at = pass.at.languageModel
            for (index, place) in part.enumerated() {
                let source = pass.at.hidden.rows(place.row..<place.row + 1)
                pass.workspace.arena.copyRow(source, to: at.hidden.rows(index..<index + 1))
            }
            let logits = run(part.count, pass, team: team)
            pass.workspace.arena.withSpan { stored in
                for (index, place) in part.enumerated() {
                    let row = logits.rows(index..<index + 1)
                    Self.append(stored, row.offset..<row.end, to: &values[place.sequence, default: []])
                }
            }
        }
        return values
    }

    private static func append(_ stored: Span<Float>, _ range: Range<Int>, to values: inout [Float]) {
        for index in range { values.append(stored[index]) }
    }

    /// Runs the head over the first `count` rows of its regions; the team divides the decoder's columns.
    private func run(_ count: Int, _ pass: BlockPass, team: ThreadTeam) -> MatrixRegion {
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
            var scratch = operand
            scratch.widened = pass.at.widened(ofMember: member)
            let slice = WorkSlice(member: member, count: count, division: .columns, barrier: workspace.barrier)
            decoder.multiply(
                transformed,
                scratch,
                into: logits,
                columns: slice.productColumns(logits.columns, step: decoder.columnStep),
                of: workspace.arena
            )
        }
        if decoder.appliesActivationAfterwards { decoder.activate(logits, of: workspace.arena) }
        return logits
    }
}
