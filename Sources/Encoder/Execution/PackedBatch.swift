/// The real tokens of a batch, all rows behind each other, padding dropped: row r's tokens are
/// `offsets[r]..<offsets[r + 1]`.
///
/// Kept in the ``Workspace`` and filled anew for each batch, so that its arrays are allocated once.
struct PackedBatch {
    /// Consecutive rows that go through all layers together.
    struct Block {
        let rows: Range<Int>
        let tokens: Range<Int>
    }

    /// Tokens of a block: enough rows for matrix products at full speed, few enough that a block's hidden states stay
    /// in a core's second-level cache from layer to layer. A longer text is a block by itself.
    static let blockTokens = 256

    private(set) var inputIDs: [Int32] = []
    private(set) var typeIDs: [Int32] = []
    private(set) var offsets: [Int] = [0]
    private(set) var blocks: [Block] = []
    /// Why a row takes no part; such a row has no tokens here.
    private(set) var failures: [EncoderError?] = []

    /// All tokens.
    var tokenCount: Int { inputIDs.count }
    /// Rows, failed ones included.
    var rowCount: Int { failures.count }

    /// Tokens of a block's longest row.
    func longestRow(in block: Block) -> Int {
        var longest = 0
        for row in block.rows { longest = max(longest, tokens(ofRow: row).count) }
        return longest
    }

    /// Where row `row`'s tokens are.
    func tokens(ofRow row: Int) -> Range<Int> { offsets[row]..<offsets[row + 1] }

    /// Replaces the contents by `batch`'s tokens. A row at fault, or for which `refusal` gives an error, fails alone.
    ///
    /// - Throws: ``EncoderError/malformedBatch(_:)``.
    mutating func fill(
        from batch: EncoderBatch,
        configuration: EncoderConfiguration,
        refusal: (_ row: Int, _ tokens: Int) -> EncoderError?
    ) throws(EncoderError) {
        try Self.checkShape(batch)
        inputIDs.removeAll(keepingCapacity: true)
        typeIDs.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        failures.removeAll(keepingCapacity: true)
        offsets.append(0)
        for row in 0..<batch.rows {
            do throws(EncoderError) {
                let length = try Self.length(ofRow: row, batch)
                if let error = refusal(row, length) { throw error }
                let range = row * batch.length..<row * batch.length + length
                try Self.check(range, batch, configuration)
                inputIDs.append(contentsOf: batch.inputIDs[range])
                typeIDs.append(contentsOf: batch.tokenTypeIDs[range])
                failures.append(nil)
            } catch {
                failures.append(error)
            }
            offsets.append(inputIDs.count)
        }
        formBlocks()
    }

    private static func checkShape(_ batch: EncoderBatch) throws(EncoderError) {
        let (count, overflow) = batch.rows.multipliedReportingOverflow(by: batch.length)
        guard batch.rows >= 0, batch.length >= 0, !overflow else {
            throw .malformedBatch("\(batch.rows) rows of \(batch.length)")
        }
        for (name, found) in [
            ("input ids", batch.inputIDs.count), ("token type ids", batch.tokenTypeIDs.count),
            ("attention mask values", batch.attentionMask.count),
        ] where found != count {
            throw .malformedBatch("\(found) \(name) for \(batch.rows) rows of \(batch.length)")
        }
    }

    /// The number of ones that row `row`'s mask begins with; behind them there may be zeros only.
    private static func length(ofRow row: Int, _ batch: EncoderBatch) throws(EncoderError) -> Int {
        let mask = batch.attentionMask[row * batch.length..<(row + 1) * batch.length]
        let end = mask.firstIndex { $0 != 1 } ?? mask.endIndex
        if let fault = mask[end...].firstIndex(where: { $0 != 0 }) {
            // A one behind a zero: the hole is what is wrong.
            let position = mask[fault] == 1 ? end : fault
            throw .malformedMask(position: position - mask.startIndex, value: mask[position])
        }
        guard end > mask.startIndex else { throw .emptyInput }
        return end - mask.startIndex
    }

    private static func check(
        _ range: Range<Int>,
        _ batch: EncoderBatch,
        _ configuration: EncoderConfiguration
    ) throws(EncoderError) {
        guard range.count <= configuration.maxPositionEmbeddings else {
            throw .inputTooLong(tokens: range.count, limit: configuration.maxPositionEmbeddings)
        }
        let vocabulary = 0..<configuration.vocabularySize
        // Without a table of them, nobody reads the ids.
        let types = configuration.typeVocabularySize == 0 ? nil : 0..<configuration.typeVocabularySize
        for index in range {
            guard vocabulary.contains(Int(batch.inputIDs[index])) else {
                throw .tokenIDOutOfRange(
                    id: batch.inputIDs[index],
                    position: index - range.lowerBound,
                    vocabularySize: vocabulary.count
                )
            }
            if let types, !types.contains(Int(batch.tokenTypeIDs[index])) {
                throw .typeIDOutOfRange(
                    id: batch.tokenTypeIDs[index],
                    position: index - range.lowerBound,
                    typeVocabularySize: types.count
                )
            }
        }
    }

    private mutating func formBlocks() {
        blocks.removeAll(keepingCapacity: true)
        var first = 0
        for row in 0..<rowCount {
            let isLast = row + 1 == rowCount
            guard isLast || offsets[row + 2] - offsets[first] > Self.blockTokens else { continue }
            let tokens = offsets[first]..<offsets[row + 1]
            if !tokens.isEmpty { blocks.append(Block(rows: first..<row + 1, tokens: tokens)) }
            first = row + 1
        }
    }
}
