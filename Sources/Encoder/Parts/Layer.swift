internal import LinearAlgebra

/// transformers' `MobileBertLayer`: bottlenecks, attention, feed-forward networks, and back to the hidden width.
///
/// Without bottlenecks (BERT's shape) the hidden states themselves are the residual stream.
struct Layer: Sendable {
    let bottleneck: Bottleneck?
    let attention: SelfAttention
    let feedForwards: [FeedForward]
    let outputBottleneck: OutputBottleneck?

    /// The product that a pass begins with.
    var first: LinearLayer {
        if let bottleneck { bottleneck.projection } else { attention.projection }
    }

    /// Takes the block's hidden states one layer further, in place; `next` is the layer behind this one.
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
