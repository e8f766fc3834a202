internal import LinearAlgebra

/// transformers' `OutputBottleneck`: from inside a layer back to the hidden states.
struct OutputBottleneck: Sendable {
    /// Adds to the hidden states' stream.
    let projection: PackedWeight
    let norm: NormStep

    /// Adds the layer's result to the hidden states.
    func forward(_ at: BlockRegions, source: MatrixRegion, arena: inout AlignedBuffer) {
        projection.multiply(source, into: at.hidden, of: &arena, accumulating: true)
        norm.apply(to: at.hidden, of: &arena)
    }
}
