internal import LinearAlgebra

/// transformers' `MobileBertLayer`: bottlenecks, attention, feed-forward networks, and back to the hidden width.
///
/// Without bottlenecks (BERT's shape) the hidden states themselves are the residual stream.
struct Layer: Sendable {
    let bottleneck: Bottleneck?
    let attention: SelfAttention
    let feedForwards: [FeedForward]
    let outputBottleneck: OutputBottleneck?

    /// Takes the block's hidden states one layer further, in place.
    func forward(_ pass: BlockPass) {
        var residual = pass.at.hidden
        if let bottleneck {
            bottleneck.forward(pass)
            residual = pass.at.bottleneck.columns(0..<bottleneck.inputWidth)
        }
        attention.forward(pass, residual: residual)
        for feedForward in feedForwards { feedForward.forward(pass, residual: residual) }
        outputBottleneck?.forward(pass, source: residual)
    }
}
