internal import Compute

/// The tokens of a batch without its padding, all sequences behind each other: those of sequence s are
/// `offsets[s]..<offsets[s + 1]`.
///
/// Kept in the ``Workspace`` and filled anew for each batch, so that its arrays are allocated once.
struct PackedBatch {
    /// Consecutive sequences that go through all layers together.
    struct Block {
        let sequences: Range<Int>
        let tokens: Range<Int>
    }

    /// Tokens of a block: enough rows for matrix products at full speed, few enough that a block's hidden states stay
    /// in a core's second-level cache from layer to layer. A longer sequence is a block by itself.
    static let blockTokens = 256

    /// The input_ids in the order of the positions, whatever the order of the rows.
    private(set) var inputIDs: [Int32] = []
    private(set) var typeIDs: [Int32] = []
    private(set) var offsets: [Int] = [0]
    /// All sequences are in blocks. A block without tokens has only sequences that failed.
    private(set) var blocks: [Block] = []
    /// The reason why a sequence takes no part, which has no tokens here then; nil for the others.
    private(set) var failures: [EncoderError?] = []
    /// The positions of the rows of a sequence with an attention mask; nil for a sequence without one.
    private(set) var rowOrders: [RowOrder?] = []

    /// The number of tokens of a block's longest sequence.
    func longestSequence(in block: Block) -> Int {
        var longest = 0
        for sequence in block.sequences { longest = max(longest, tokens(ofSequence: sequence).count) }
        return longest
    }

    /// The tokens of one sequence.
    func tokens(ofSequence index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }

    /// Replaces the contents by `batch`'s tokens. A sequence at fault, or one that `refusal` gives an error for, fails
    /// alone.
    mutating func fill(
        from batch: Batch<OutputRequest>,
        configuration: EncoderConfiguration,
        refusal: (_ request: OutputRequest, _ tokens: Int) -> EncoderError?
    ) {
        inputIDs.removeAll(keepingCapacity: true)
        typeIDs.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        failures.removeAll(keepingCapacity: true)
        rowOrders.removeAll(keepingCapacity: true)
        offsets.append(0)
        for index in 0..<batch.batchSize {
            let tokens = batch.tokens(ofSequence: index)
            let (ids, types) = (batch.inputIDs[tokens], batch.tokenTypeIDs[tokens])
            let failure: EncoderError? =
                tokens.isEmpty
                ? .emptyInput : refusal(batch.tasks[index], tokens.count) ?? Self.fault(ids, types, configuration)
            if failure == nil {
                inputIDs.append(contentsOf: ids)
                typeIDs.append(contentsOf: types)
            }
            rowOrders.append(failure == nil ? RowOrder(batch.attentionMask[tokens]) : nil)
            failures.append(failure)
            offsets.append(inputIDs.count)
        }
        formBlocks()
    }

    /// Why a sequence cannot be run; nil if it can.
    private static func fault(
        _ ids: ArraySlice<Int32>,
        _ types: ArraySlice<Int32>,
        _ configuration: EncoderConfiguration
    ) -> EncoderError? {
        let limit = configuration.maxPositionEmbeddings
        guard ids.count <= limit else { return .inputTooLong(tokens: ids.count, limit: limit) }
        let vocabulary = 0..<configuration.vocabularySize
        // Without a table of them, nobody reads the type ids.
        let knownTypes = configuration.typeVocabularySize == 0 ? nil : 0..<configuration.typeVocabularySize
        for index in ids.indices {
            let position = index - ids.startIndex
            guard vocabulary.contains(Int(ids[index])) else {
                return .tokenIDOutOfRange(id: ids[index], position: position, vocabularySize: vocabulary.count)
            }
            if let knownTypes, !knownTypes.contains(Int(types[index])) {
                return .typeIDOutOfRange(id: types[index], position: position, typeVocabularySize: knownTypes.count)
            }
        }
        return nil
    }

    private mutating func formBlocks() {
        blocks.removeAll(keepingCapacity: true)
        var first = 0
        for index in failures.indices {
            let isLast = index + 1 == failures.count
            guard isLast || offsets[index + 2] - offsets[first] > Self.blockTokens else { continue }
            blocks.append(Block(sequences: first..<index + 1, tokens: offsets[first]..<offsets[index + 1]))
            first = index + 1
        }
    }
}
