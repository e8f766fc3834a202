internal import LinearAlgebra

/// The memory of one worker's forward passes: an arena as large as the largest block needs, used again for each block.
/// Parts that no block has needed yet are address space only.
///
/// Owner: the worker that made it, by ``EncoderModel/makeWorkspace(threads:)``. While a team runs one of its blocks,
/// the threads share the arena as ``AlignedBuffer`` says, and only the leader, thread 0, touches anything else.
package final class Workspace: @unchecked Sendable {
    /// All activations; ``WorkspaceLayout`` says what is where.
    private(set) var arena: AlignedBuffer
    /// The batch that runs.
    var packed = PackedBatch()
    /// The hidden states after single layers, of the sequences that asked for them.
    var snapshots = Snapshots()
    /// The barrier at which the threads of a team meet.
    let barrier = TeamBarrier()

    /// An arena of `capacity` floats.
    init(capacity: Int) {
        arena = AlignedBuffer(minimumCount: capacity, zeroed: false)
    }

    /// Makes the arena large enough for `layout`, where a team is larger than the workspace was made for.
    func reserve(_ layout: WorkspaceLayout) {
        guard layout.capacity > arena.count else { return }
        // The old arena goes first: its values are not needed, and both at once would be the peak.
        arena = AlignedBuffer(minimumCount: 0)
        arena = AlignedBuffer(minimumCount: layout.capacity, zeroed: false)
    }

    /// The number of floats in the arena.
    var capacity: Int { arena.count }
}

/// The widths of a model's activations, in floats.
struct WorkspaceWidths: Sendable {
    /// The hidden states between layers.
    var hidden = 0
    /// The input of the embedding transformation.
    var embedded = 0
    /// The outputs of a layer's bottlenecks, all together.
    var bottleneck = 0
    /// The outputs of the attention's projections, all together.
    var projection = 0
    /// The activations inside a layer.
    var trueHidden = 0
    /// The activations inside a feed-forward network.
    var intermediate = 0
    /// An attention head.
    var head = 0
    /// The word pieces that a language model's head gives logits for; 0 without such a head.
    var vocabulary = 0

    /// The widest input of a product.
    var widestInput: Int { max(max(hidden, embedded), max(trueHidden, intermediate)) }
}

/// The places of a block's activations in the arena.
struct WorkspaceLayout {
    private(set) var regions = BlockRegions()
    /// The number of floats of all regions.
    private(set) var capacity = 0

    /// The layout of a block of `tokens` tokens in `sequences` sequences, the longest of `longest` tokens, that
    /// `members` threads compute.
    init(
        tokens: Int,
        longest: Int,
        sequences: Int,
        division: WorkSlice.Division,
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
        regions.firstTokens = reserve(sequences, widths.hidden)
        regions.pooled = reserve(sequences, widths.hidden)
        let scratch = Attention.scratchFloats(length: longest, headSize: widths.head, of: arithmetic)
        regions.scratch = reserve(members, scratch)
        regions.widened = reserve(members, arithmetic.widenedFloats(inputs: widths.widestInput))
        regions.narrowIntermediate = reserveOperand(tokens, widths.intermediate)
        // By columns, each thread prepares all rows for itself.
        let copies = division == .columns ? members : 1
        regions.operands = reserveOperand(tokens * copies, widths.widestInput)
        regions.operandRows = tokens
        if widths.vocabulary > 0 {
            let positions = MaskedTokenRegions.positionsAtOnce
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

/// The places of one block's activations in the arena; each has a row for each of the block's tokens unless said
/// otherwise.
struct BlockRegions {
    private static let nothing = MatrixRegion(rows: 0, columns: 0)

    /// The hidden states.
    var hidden = nothing
    /// The input of the embedding transformation.
    var embedded = nothing
    /// The outputs of a layer's bottlenecks.
    var bottleneck = nothing
    /// Queries, keys and, mostly, values.
    var projection = nothing
    /// The output of attention.
    var context = nothing
    /// The activations inside a feed-forward network.
    var intermediate = nothing
    /// The activations inside a feed-forward network in bfloat16.
    var narrowIntermediate = OperandScratch()
    /// [sequences, hidden]: the last hidden state of each sequence's first token.
    var firstTokens = nothing
    /// [sequences, hidden]: the pooler's output.
    var pooled = nothing
    /// The activations of a masked language model's head.
    fileprivate(set) var languageModel = MaskedTokenRegions()
    /// Attention's scratch memory, a row for each thread.
    fileprivate(set) var scratch = nothing
    /// Inputs of products in narrow formats.
    fileprivate(set) var operands = OperandScratch()
    fileprivate(set) var operandRows = 0
    /// Panels of weights that are widened, a row for each thread.
    fileprivate(set) var widened = nothing

    /// The scratch memory for a thread's products.
    func operand(of slice: WorkSlice) -> OperandScratch {
        let first = slice.division == .columns ? slice.member * operandRows : 0
        var operand = operands.rows(first..<first + operandRows)
        operand.widened = widened(ofMember: slice.member)
        return operand
    }

    /// The memory for a thread's widened weights; empty if the block has none for it.
    func widened(ofMember member: Int) -> MatrixRegion {
        widened.columns > 0 && member < widened.rows ? widened.rows(member..<member + 1) : Self.nothing
    }

    /// The scratch memory for a thread's attention.
    func scratch(of slice: WorkSlice) -> MatrixRegion { scratch.rows(slice.member..<slice.member + 1) }
}

/// The places of the activations of a masked language model's head in the arena: rows for ``positionsAtOnce``
/// positions.
struct MaskedTokenRegions {
    /// Positions in one product with the decoder, the model's largest matrix: enough for each of its weights to be
    /// worth its way from memory, few enough for 8 MB of logits of the usual 30,522 word pieces.
    static let positionsAtOnce = 64

    /// [positions, hidden_size]: the hidden states.
    fileprivate(set) var hidden = MatrixRegion(rows: 0, columns: 0)
    /// [positions, hidden_size]: the input of the decoder.
    fileprivate(set) var transformed = MatrixRegion(rows: 0, columns: 0)
    /// The input of the decoder, in its weight's format.
    fileprivate(set) var operand = OperandScratch()
    /// [positions, vocabulary].
    fileprivate(set) var logits = MatrixRegion(rows: 0, columns: 0)
}
