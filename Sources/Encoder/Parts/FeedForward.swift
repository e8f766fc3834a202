internal import LinearAlgebra

/// A feed-forward network over a residual stream: transformers' `FFNLayer`, or the `intermediate` and `output` that end
/// every layer.
struct FeedForward: Sendable {
    /// To the intermediate width, with the activation.
    let intermediate: LinearLayer
    /// Back, adding to the residual stream.
    let output: PackedWeight
    let norm: NormStep

    /// Adds the network's output to `residual`, which is also its input.
    func forward(_ at: BlockRegions, residual: MatrixRegion, arena: inout AlignedBuffer) {
        intermediate.apply(residual, into: at.intermediate, of: &arena)
        output.multiply(at.intermediate, into: residual, of: &arena, accumulating: true)
        norm.apply(to: residual, of: &arena)
    }
}
