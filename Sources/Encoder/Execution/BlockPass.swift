internal import LinearAlgebra

/// One member's way with a block through the model: what is where, and which part of it is the member's.
struct BlockPass {
    let arithmetic: Arithmetic
    /// Whose arena it is.
    let workspace: Workspace
    let packed: PackedBatch
    let block: PackedBatch.Block
    let at: BlockRegions
    let share: Share

    /// Tokens of the block.
    var count: Int { block.tokens.count }

    /// target = norm(layer(source)), or target = norm(target + layer(source)) where the layer accumulates.
    ///
    /// - Parameters:
    ///   - prepared: the input in the weight's format, if it is there already.
    ///   - narrow: where the result goes instead, as bfloat16.
    ///   - next: the layer applied after this one, whose weights can be on their way meanwhile.
    func apply(
        _ layer: LinearLayer,
        to source: MatrixRegion,
        prepared: OperandScratch? = nil,
        into target: MatrixRegion,
        narrow: OperandScratch? = nil,
        norm: NormStep = .folded,
        next: LinearLayer? = nil
    ) {
        let rows = share.productRows(count)
        let input = source.rows(rows)
        let operand =
            if let prepared {
                prepared.rows(rows)
            } else {
                layer.prepare(input, in: at.operand(of: share).rows(rows), of: workspace.arena)
            }
        let isFused = !layer.appliesActivationAfterwards
        layer.multiply(
            input,
            operand,
            into: target.rows(rows),
            narrow: narrow?.rows(rows),
            scaleShift: isFused ? norm.scaleShift : nil,
            columns: columns(of: layer),
            next: next.map { ($0, columns(of: $0).lowerBound) },
            of: workspace.arena
        )
        share.meetAfterColumns()
        guard !isFused || norm.isRowWise else { return }
        let own = target.rows(share.part(of: count))
        if !isFused { layer.activate(own, of: workspace.arena) }
        norm.apply(to: own, of: workspace.arena, on: arithmetic, scaleShiftToo: !isFused)
        share.meetAfterColumns()
    }

    /// The columns of a layer's product that are this member's.
    private func columns(of layer: LinearLayer) -> Range<Int> {
        share.productColumns(layer.weight.outputs, step: layer.columnStep)
    }

    /// Normalizes some columns by themselves.
    func normalize(_ region: MatrixRegion, by norm: NormStep) {
        if case .folded = norm { return }
        let own = region.rows(share.part(of: count))
        norm.apply(to: own, of: workspace.arena, on: arithmetic, scaleShiftToo: true)
        share.meetAfterColumns()
    }

    /// Some tokens of one text, as rows of the block.
    func rows(ofText row: Int) -> Range<Int> {
        let tokens = packed.tokens(ofRow: row)
        return tokens.lowerBound - block.tokens.lowerBound..<tokens.upperBound - block.tokens.lowerBound
    }
}
