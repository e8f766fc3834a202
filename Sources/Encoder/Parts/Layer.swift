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
    func forward(_ block: PackedBatch.Block, of packed: PackedBatch, _ at: BlockRegions, arena: inout AlignedBuffer) {
        var residual = at.hidden
        if let bottleneck {
            bottleneck.forward(at, arena: &arena)
            residual = at.bottleneck.columns(0..<bottleneck.inputWidth)
        }
        attention.forward(block, of: packed, at, residual: residual, arena: &arena)
        for feedForward in feedForwards {
            feedForward.forward(at, residual: residual, arena: &arena)
        }
        outputBottleneck?.forward(at, source: residual, arena: &arena)
    }
}
