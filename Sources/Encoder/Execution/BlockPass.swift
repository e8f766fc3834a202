internal import LinearAlgebra

/// One thread's pass of a block through all layers: where its activations are, and which rows or columns it computes.
struct BlockPass {
    let arithmetic: Arithmetic
    /// Owns the arena that the activations are in.
    let workspace: Workspace
    let packed: PackedBatch
    let block: PackedBatch.Block
    let at: BlockRegions
    let slice: WorkSlice

    /// The number of the block's tokens.
    var count: Int { block.tokens.count }

    /// Computes target = norm(layer(source)), or target = norm(target + layer(source)) where the layer accumulates.
    ///
    /// - Parameters:
    ///   - prepared: the input in the layer's input format, if it is there already.
    ///   - narrow: where the result goes instead of `target`, as bfloat16.
    ///   - next: the layer applied after this one, whose weights are prefetched meanwhile.
    func apply(
        _ layer: LinearLayer,
        to source: MatrixRegion,
        prepared: OperandScratch? = nil,
        into target: MatrixRegion,
        narrow: OperandScratch? = nil,
        norm: NormStep = .folded,
        next: LinearLayer? = nil
    ) {
        let rows = slice.productRows(count)
        let input = source.rows(rows)
        let operand =
            if let prepared {
                prepared.rows(rows)
            } else {
                layer.prepare(input, in: at.operand(of: slice).rows(rows), of: workspace.arena)
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
        slice.meetAfterColumns()
        guard !isFused || norm.isRowWise else { return }
        let own = target.rows(slice.part(of: count))
        if !isFused { layer.activate(own, of: workspace.arena) }
        norm.apply(to: own, of: workspace.arena, on: arithmetic, scaleShiftToo: !isFused)
        slice.meetAfterColumns()
    }

    /// The columns of a layer's product that this thread computes.
    private func columns(of layer: LinearLayer) -> Range<Int> {
        slice.productColumns(layer.weight.outputs, step: layer.columnStep)
    }

    /// Normalizes some columns by themselves.
    func normalize(_ region: MatrixRegion, by norm: NormStep) {
        if case .folded = norm { return }
        let own = region.rows(slice.part(of: count))
        norm.apply(to: own, of: workspace.arena, on: arithmetic, scaleShiftToo: true)
        slice.meetAfterColumns()
    }

    /// The rows of the block's activations that hold one sequence's tokens.
    func rows(ofSequence index: Int) -> SequenceRows {
        let tokens = packed.tokens(ofSequence: index)
        return SequenceRows(
            tokens.lowerBound - block.tokens.lowerBound..<tokens.upperBound - block.tokens.lowerBound,
            order: packed.rowOrders[index]
        )
    }
}
