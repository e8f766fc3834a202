internal import LinearAlgebra

/// transformers' `Bottleneck`: what a layer takes from the hidden states, in one product.
///
/// Columns of the result: the layer's input (the residual of its attention), then, as the configuration has it,
/// what queries and keys are made of, then the values, which are projected from the hidden states too.
struct Bottleneck: Sendable {
    /// All of it, side by side; each part begins on a vector boundary.
    let projection: LinearLayer
    /// The layer's input, from column 0.
    let inputWidth: Int
    let inputNorm: NormStep
    /// The columns that queries and keys are made of, where they have a bottleneck of their own.
    let attentionColumns: Range<Int>?
    let attentionNorm: NormStep

    /// Writes the block's bottleneck columns.
    func forward(_ pass: BlockPass, next: LinearLayer) {
        let at = pass.at
        pass.apply(projection, to: at.hidden, into: at.bottleneck, next: next)
        pass.normalize(at.bottleneck.columns(0..<inputWidth), by: inputNorm)
        if let attentionColumns {
            pass.normalize(at.bottleneck.columns(attentionColumns), by: attentionNorm)
        }
    }
}
