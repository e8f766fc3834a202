internal import LinearAlgebra

/// transformers' `MobileBertLayer`: bottlenecks, attention, feed-forward networks, and back to the hidden width.
///
/// Without bottlenecks (BERT's shape) the hidden states themselves are the residual stream.
struct Layer: Sendable {
    let bottleneck: Bottleneck?
    let attention: SelfAttention
    let feedForwards: [FeedForward]
    let outputBottleneck: OutputBottleneck?

    /// The first product of the layer.
    var first: LinearLayer {
        if let bottleneck { bottleneck.projection } else { attention.projection }
    }

    /// Takes the block's hidden states through this layer, in place; `next` is the layer after it.
    func forward(_ pass: BlockPass, next: Layer?) {
        var residual = pass.at.hidden
        if let bottleneck {
            bottleneck.forward(pass, next: attention.projection)
            residual = pass.at.bottleneck.columns(0..<bottleneck.inputWidth)
        }
        attention.forward(pass, residual: residual, next: feedForwards.isEmpty ? nil : feedForwards[0].intermediate)
        for index in feedForwards.indices {
            feedForwards[index].forward(pass, residual: residual, next: layer(behind: index, next))
        }
        outputBottleneck?.forward(pass, source: residual, next: next?.first)
    }

    /// The product behind feed-forward network `index`.
    private func layer(behind index: Int, _ next: Layer?) -> LinearLayer? {
        if index + 1 < feedForwards.count { return feedForwards[index + 1].intermediate }
        if let outputBottleneck { return outputBottleneck.projection }
        return next?.first
    }
}

/// transformers' `Bottleneck`: the values that a layer computes from the hidden states, by one product.
///
/// The columns of the product are the layer's input, which is the residual of its attention; then, in some
/// configurations, the inputs of queries and keys; then the values, which are projected from the hidden states too.
struct Bottleneck: Sendable {
    /// All bottlenecks side by side; each begins on a vector boundary.
    let projection: LinearLayer
    /// The layer's input, from column 0.
    let inputWidth: Int
    let inputNorm: NormStep
    /// The columns of which queries and keys are computed, where they have a bottleneck of their own.
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

/// A feed-forward network over a residual stream: transformers' `FFNLayer`, or the `intermediate` and `output` that end
/// every layer.
struct FeedForward: Sendable {
    /// The dense layer to the intermediate width, with the activation.
    let intermediate: LinearLayer
    /// The dense layer back, whose result is added to the residual stream.
    let output: LinearLayer
    let norm: NormStep

    /// Adds the network's output to `residual`, which is also its input.
    func forward(_ pass: BlockPass, residual: MatrixRegion, next: LinearLayer?) {
        let at = pass.at
        // A next product that reads bfloat16 gets its input straight from this one.
        let isNarrow = output.inputFormat == .bfloat16 && !intermediate.appliesActivationAfterwards
        let narrow = isNarrow ? at.narrowIntermediate : nil
        pass.apply(intermediate, to: residual, into: at.intermediate, narrow: narrow, next: output)
        pass.apply(output, to: at.intermediate, prepared: narrow, into: residual, norm: norm, next: next)
    }
}

/// transformers' `OutputBottleneck`: from inside a layer back to the hidden states.
struct OutputBottleneck: Sendable {
    /// The dense layer, whose result is added to the hidden states' stream.
    let projection: LinearLayer
    let norm: NormStep

    /// Adds the layer's result to the hidden states.
    func forward(_ pass: BlockPass, source: MatrixRegion, next: LinearLayer?) {
        pass.apply(projection, to: source, into: pass.at.hidden, norm: norm, next: next)
    }
}
