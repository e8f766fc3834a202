internal import LinearAlgebra

/// transformers' `MobileBertAttention`: scaled dot-product attention of each sequence's tokens over those that its
/// mask lets them attend to, then the output's dense layer added to the residual.
struct SelfAttention: Sendable {
    /// The place of an operand.
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
    /// float32, or bfloat16 for its two products.
    let format: DataType
    /// Whether a token attends only to itself and to those before it.
    let isCausal: Bool
    /// What queries and keys (and values, unless a bottleneck has them already) are projected from.
    let source: Operand
    /// [queries | keys | values, if projected here]. Queries are scaled by 1 / sqrt(headSize) at load. Only queries
    /// have a bias: the keys' would add the same to every score of a query, which softmax takes away again; the values'
    /// passes through attention as it is, since weights add up to 1, and is folded into the output's.
    let projection: LinearLayer
    let values: Operand
    /// Adds to the residual stream.
    let output: LinearLayer
    let norm: NormStep

    private var width: Int { headCount * headSize }

    /// Adds the attention's output to `residual`.
    func forward(_ pass: BlockPass, residual: MatrixRegion, next: LinearLayer?) {
        pass.apply(projection, to: source.region(in: pass.at), into: pass.at.projection, next: output)
        // Others' keys and values are about to be read, and must not be overwritten until all have read them.
        if pass.slice.division == .rows { pass.slice.meet() }
        attend(pass)
        pass.slice.meet()
        pass.apply(output, to: pass.at.context, into: residual, norm: norm, next: next)
    }

    private func attend(_ pass: BlockPass) {
        let (at, slice) = (pass.at, pass.slice)
        let values = values.region(in: at)
        let own = slice.part(of: pass.count)
        for sequence in pass.block.sequences {
            let rows = pass.rows(ofSequence: sequence)
            var (heads, queries) = (0..<headCount, rows.all)
            switch slice.division {
            case .rows: queries = own.clamped(to: rows.all)
            case .columns: heads = slice.part(of: headCount)
            }
            guard !queries.isEmpty, !heads.isEmpty else { continue }
            guard isCausal else {
                attend(pass, rows, heads, queries, to: rows.attended, values)
                continue
            }
            for query in queries {
                let attended = rows.attended(upTo: rows.position(ofRow: query))
                attend(pass, rows, heads, query..<query + 1, to: attended, values)
            }
        }
    }

    private func attend(
        _ pass: BlockPass,
        _ rows: SequenceRows,
        _ heads: Range<Int>,
        _ queries: Range<Int>,
        to attended: Range<Int>,
        _ values: MatrixRegion
    ) {
        let at = pass.at
        Attention(
            queries: at.projection.columns(0..<width).rows(rows.all),
            keys: at.projection.columns(width..<2 * width).rows(attended),
            values: values.rows(attended),
            context: at.context.rows(rows.all),
            headSize: headSize,
            scratch: at.scratch(of: pass.slice)
        ).run(
            heads: heads,
            queries: queries.lowerBound - rows.all.lowerBound..<queries.upperBound - rows.all.lowerBound,
            in: format,
            on: pass.arithmetic,
            of: pass.workspace.arena
        )
    }
}
