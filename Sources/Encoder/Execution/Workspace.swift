internal import LinearAlgebra

/// The memory of one worker's forward passes: an arena that grows to the largest batch seen and is then used again.
///
/// Owner: the worker that made it, by ``MobileBertModel/makeWorkspace()``; it can't be copied.
package struct Workspace: ~Copyable {
    /// All activations; ``layout`` says what is where.
    var arena = AlignedBuffer(minimumCount: 0)
    /// The batch at work.
    var packed = PackedBatch()
    /// Where the batch's activations are.
    private(set) var layout = WorkspaceLayout()

    /// Makes room for the batch in ``packed``.
    mutating func arrange(_ widths: WorkspaceWidths) {
        layout = WorkspaceLayout(packed, widths)
        if layout.capacity > arena.count {
            // The old arena goes first: its values are not needed, and both at once would be the peak.
            arena = AlignedBuffer(minimumCount: 0)
            arena = AlignedBuffer(minimumCount: layout.capacity)
        }
    }

    /// The floats it holds, for metrics and tests.
    package var capacity: Int { arena.count }
}

/// The widths of a model's activations, in floats.
struct WorkspaceWidths: Sendable {
    /// Hidden states between layers.
    var hidden = 0
    /// What the embedding transformation reads.
    var embedded = 0
    /// What a layer's bottlenecks give, all together.
    var bottleneck = 0
    /// What the attention's projections give, all together.
    var projection = 0
    /// Inside a layer.
    var trueHidden = 0
    /// Inside a feed-forward network.
    var intermediate = 0
}

/// Where a batch's activations are in the arena.
struct WorkspaceLayout {
    /// Floats of attention scores worked on at once: 256 KB stay in a core's second-level cache.
    static let scoreFloats = 65_536

    /// The hidden states of all tokens.
    private(set) var hidden = MatrixRegion(rows: 0, columns: 0)
    /// The activations of one block inside a layer; `hidden` is empty here.
    private var block = BlockRegions()
    /// [rows, hidden]: the last hidden state of each row's first token.
    private(set) var firstTokens = MatrixRegion(rows: 0, columns: 0)
    /// [rows, hidden]: the pooler's output.
    private(set) var pooled = MatrixRegion(rows: 0, columns: 0)
    /// Floats in all.
    private(set) var capacity = 0

    /// Nothing.
    init() {}

    /// Room for `packed` in a model of the given widths.
    init(_ packed: PackedBatch, _ widths: WorkspaceWidths) {
        func reserve(_ rows: Int, _ columns: Int) -> MatrixRegion {
            let stride = AlignedBuffer.roundedUp(columns)
            let region = MatrixRegion(offset: capacity, rows: rows, columns: columns, stride: stride)
            capacity = region.capacity
            return region
        }
        let tokens = packed.largestBlock
        hidden = reserve(packed.tokenCount, widths.hidden)
        block.embedded = reserve(tokens, widths.embedded)
        block.bottleneck = reserve(tokens, widths.bottleneck)
        block.projection = reserve(tokens, widths.projection)
        block.context = reserve(tokens, widths.trueHidden)
        block.intermediate = reserve(tokens, widths.intermediate)
        let scoreStride = AlignedBuffer.roundedUp(packed.longestRow)
        let scoreRows = max(1, min(packed.longestRow, Self.scoreFloats / max(scoreStride, 1)))
        block.scores = reserve(scoreRows, packed.longestRow)
        firstTokens = reserve(packed.rowCount, widths.hidden)
        pooled = reserve(packed.rowCount, widths.hidden)
    }

    /// The activations of one block.
    func regions(of block: PackedBatch.Block) -> BlockRegions {
        let rows = 0..<block.tokens.count
        var regions = self.block
        regions.hidden = hidden.rows(block.tokens)
        regions.embedded = regions.embedded.rows(rows)
        regions.bottleneck = regions.bottleneck.rows(rows)
        regions.projection = regions.projection.rows(rows)
        regions.context = regions.context.rows(rows)
        regions.intermediate = regions.intermediate.rows(rows)
        return regions
    }
}

/// Where the activations of one block are in the arena; each but the scores has a row for each of the block's tokens.
struct BlockRegions {
    /// The block's part of the hidden states.
    var hidden = MatrixRegion(rows: 0, columns: 0)
    /// What the embedding transformation reads.
    var embedded = MatrixRegion(rows: 0, columns: 0)
    /// What a layer's bottlenecks give.
    var bottleneck = MatrixRegion(rows: 0, columns: 0)
    /// Queries, keys and, mostly, values.
    var projection = MatrixRegion(rows: 0, columns: 0)
    /// What attention gives.
    var context = MatrixRegion(rows: 0, columns: 0)
    /// Inside a feed-forward network.
    var intermediate = MatrixRegion(rows: 0, columns: 0)
    /// Room for the attention scores of some queries of the longest row.
    var scores = MatrixRegion(rows: 0, columns: 0)
}
