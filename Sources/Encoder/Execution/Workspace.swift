internal import LinearAlgebra

/// The memory of one worker's forward passes: an arena with room for the largest block there can be, used again for
/// each. What no block has needed yet is address space only.
///
/// Owner: the worker that made it, by ``EncoderModel/makeWorkspace(members:)``. While a team runs one of its blocks,
/// the members share the arena as ``AlignedBuffer`` says, and only member 0 touches anything else.
package final class Workspace: @unchecked Sendable {
    /// All activations; ``WorkspaceLayout`` says what is where.
    private(set) var arena: AlignedBuffer
    /// The batch at work.
    var packed = PackedBatch()
    /// The hidden states after each layer, for those who asked.
    var snapshots = Snapshots()
    /// Where the members of a team meet.
    let barrier = TeamBarrier()

    /// Room for `capacity` floats.
    init(capacity: Int) {
        arena = AlignedBuffer(minimumCount: capacity, zeroed: false)
    }

    /// Makes room for `layout`, where a team is larger than the workspace was made for.
    func reserve(_ layout: WorkspaceLayout) {
        guard layout.capacity > arena.count else { return }
        // The old arena goes first: its values are not needed, and both at once would be the peak.
        arena = AlignedBuffer(minimumCount: 0)
        arena = AlignedBuffer(minimumCount: layout.capacity, zeroed: false)
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
    /// Of an attention head.
    var head = 0
    /// Word pieces that a language model's head gives logits for; 0 without one.
    var vocabulary = 0

    /// Of the widest input of a product.
    var widestInput: Int { max(max(hidden, embedded), max(trueHidden, intermediate)) }
}

/// Where a block's activations are in the arena.
struct WorkspaceLayout {
    private(set) var regions = BlockRegions()
    /// Floats in all.
    private(set) var capacity = 0

    /// Room for a block of `tokens` tokens, the longest text among them of `longest`, in `texts` texts, worked on by
    /// `members` members.
    init(
        tokens: Int,
        longest: Int,
        texts: Int,
        division: Share.Division,
        members: Int,
        widths: WorkspaceWidths,
        arithmetic: Arithmetic
    ) {
        regions.hidden = reserve(tokens, widths.hidden)
        regions.embedded = reserve(tokens, widths.embedded)
        regions.bottleneck = reserve(tokens, widths.bottleneck)
        regions.projection = reserve(tokens, widths.projection)
        regions.context = reserve(tokens, widths.trueHidden)
        regions.intermediate = reserve(tokens, widths.intermediate)
        regions.firstTokens = reserve(texts, widths.hidden)
        regions.pooled = reserve(texts, widths.hidden)
        let scratch = Attention.scratchFloats(length: longest, headSize: widths.head, of: arithmetic)
        regions.scratch = reserve(members, scratch)
        regions.narrowIntermediate = reserveOperand(tokens, widths.intermediate)
        // By columns, each member prepares all rows for itself.
        let rooms = division == .columns ? members : 1
        regions.operands = reserveOperand(tokens * rooms, widths.widestInput)
        regions.operandRows = tokens
        if widths.vocabulary > 0 {
            let positions = LanguageModelHead.positionsAtOnce
            regions.languageModel.hidden = reserve(positions, widths.hidden)
            regions.languageModel.transformed = reserve(positions, widths.hidden)
            regions.languageModel.operand = reserveOperand(positions, widths.hidden)
            regions.languageModel.logits = reserve(positions, widths.vocabulary)
        }
    }

    private mutating func reserve(_ rows: Int, _ columns: Int) -> MatrixRegion {
        let stride = AlignedBuffer.roundedUp(columns)
        let region = MatrixRegion(offset: capacity, rows: rows, columns: columns, stride: stride)
        capacity = region.capacity
        return region
    }

    private mutating func reserveOperand(_ rows: Int, _ width: Int) -> OperandScratch {
        let room = OperandScratch(offset: capacity, rows: rows, width: width)
        capacity = room.capacity
        return room
    }
}

/// Where the activations of one block are in the arena; each has a row for each of the block's tokens unless said
/// otherwise.
struct BlockRegions {
    private static let nothing = MatrixRegion(rows: 0, columns: 0)

    /// The hidden states.
    var hidden = nothing
    /// What the embedding transformation reads.
    var embedded = nothing
    /// What a layer's bottlenecks give.
    var bottleneck = nothing
    /// Queries, keys and, mostly, values.
    var projection = nothing
    /// What attention gives.
    var context = nothing
    /// Inside a feed-forward network.
    var intermediate = nothing
    /// The same in bfloat16.
    var narrowIntermediate = OperandScratch()
    /// [texts, hidden]: the last hidden state of each text's first token.
    var firstTokens = nothing
    /// [texts, hidden]: the pooler's output.
    var pooled = nothing
    /// What the head of a masked language model works with.
    fileprivate(set) var languageModel = LanguageModelHead.Regions()
    /// Attention's own room, a row for each member.
    fileprivate(set) var scratch = nothing
    /// Inputs of products in narrow formats.
    fileprivate(set) var operands = OperandScratch()
    fileprivate(set) var operandRows = 0

    /// Room for the inputs of a member's products.
    func operand(of share: Share) -> OperandScratch {
        let first = share.division == .columns ? share.member * operandRows : 0
        return operands.rows(first..<first + operandRows)
    }

    /// Room for a member's attention.
    func scratch(of share: Share) -> MatrixRegion { scratch.rows(share.member..<share.member + 1) }
}
