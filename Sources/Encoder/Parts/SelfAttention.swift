internal import LinearAlgebra

/// transformers' `MobileBertAttention`: scaled dot-product attention of each row over its own tokens, then the
/// output's dense layer added to the residual.
struct SelfAttention: Sendable {
    /// Where an operand lies.
    enum Operand: Sendable {
        /// The hidden states.
        case hidden
        /// Some columns of the layer's bottlenecks.
        case bottleneck(Range<Int>)
        /// Some columns of ``SelfAttention/projection``.
        case projection(Range<Int>)

        func region(in at: BlockRegions) -> MatrixRegion {
            switch self {
            case .hidden: at.hidden
            case .bottleneck(let columns): at.bottleneck.columns(columns)
            case .projection(let columns): at.projection.columns(columns)
            }
        }
    }

    let headCount: Int
    let headSize: Int
    /// What queries and keys (and values, unless a bottleneck has them already) are projected from.
    let source: Operand
    /// [queries | keys | values, if projected here]. Queries are scaled by 1 / sqrt(headSize) at load.
    let projection: PackedWeight
    /// The queries' bias. The keys' would add the same to every score of a query, which softmax takes away again; the
    /// values' passes through attention as it is, since weights add up to 1, and is folded into the output's.
    let queryBias: PaddedVector
    let values: Operand
    /// Adds to the residual stream.
    let output: PackedWeight
    let norm: NormStep

    private var width: Int { headCount * headSize }

    /// Adds the attention's output to `residual`.
    func forward(
        _ block: PackedBatch.Block,
        of packed: PackedBatch,
        _ at: BlockRegions,
        residual: MatrixRegion,
        arena: inout AlignedBuffer
    ) {
        projection.multiply(source.region(in: at), into: at.projection, of: &arena)
        let queries = at.projection.columns(0..<width)
        Activation.linear.apply(to: queries, of: &arena, addingBias: queryBias)
        let keys = at.projection.columns(width..<2 * width)
        let values = values.region(in: at)
        for row in block.rows {
            let tokens = packed.tokens(ofRow: row)
            guard !tokens.isEmpty else { continue }
            let start = tokens.lowerBound - block.tokens.lowerBound
            let rows = start..<start + tokens.count
            for head in 0..<headCount {
                let columns = head * headSize..<(head + 1) * headSize
                attend(
                    queries: queries.rows(rows).columns(columns),
                    keys: keys.rows(rows).columns(columns),
                    values: values.rows(rows).columns(columns),
                    context: at.context.rows(rows).columns(columns),
                    scores: at.scores,
                    arena: &arena
                )
            }
        }
        output.multiply(at.context, into: residual, of: &arena, accumulating: true)
        norm.apply(to: residual, of: &arena)
    }

    /// One head of one row: context = softmax(queries keys^T) values, some queries at a time.
    private func attend(
        queries: MatrixRegion,
        keys: MatrixRegion,
        values: MatrixRegion,
        context: MatrixRegion,
        scores room: MatrixRegion,
        arena: inout AlignedBuffer
    ) {
        let length = keys.rows
        let stride = AlignedBuffer.roundedUp(length)
        // As many queries as the room for scores takes; it takes at least one of the longest row.
        let step = max(1, room.rows * room.stride / stride)
        for first in Swift.stride(from: 0, to: length, by: step) {
            let rows = first..<min(first + step, length)
            let scores = MatrixRegion(offset: room.offset, rows: rows.count, columns: length, stride: stride)
            arena.multiply(queries.rows(rows), by: keys, .transposed, into: scores)
            Softmax.apply(to: scores, of: &arena)
            arena.multiply(scores, by: values, .asStored, into: context.rows(rows))
        }
    }
}
