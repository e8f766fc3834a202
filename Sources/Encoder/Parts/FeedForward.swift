internal import LinearAlgebra

/// A feed-forward network over a residual stream: transformers' `FFNLayer`, or the `intermediate` and `output` that end
/// every layer.
struct FeedForward: Sendable {
    /// To the intermediate width, with the activation.
    let intermediate: LinearLayer
    /// Back, adding to the residual stream.
    let output: LinearLayer
    let norm: NormStep

    /// Adds the network's output to `residual`, which is also its input.
    func forward(_ pass: BlockPass, residual: MatrixRegion, next: LinearLayer?) {
        let at = pass.at
        // A bfloat16 reader gets bfloat16 straight from the product.
        let isNarrow = output.weight.format == .bfloat16 && !intermediate.appliesActivationAfterwards
        let narrow = isNarrow ? at.narrowIntermediate : nil
        pass.apply(intermediate, to: residual, into: at.intermediate, narrow: narrow, next: output)
        pass.apply(output, to: at.intermediate, prepared: narrow, into: residual, norm: norm, next: next)
    }
}
