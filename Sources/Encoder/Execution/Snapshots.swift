/// The hidden states of the texts that asked for all of them, gathered as the layers go by.
struct Snapshots {
    /// Row → values so far; empty when no row asked.
    private var values: [Int: [Float]] = [:]

    /// Nobody asked.
    init() {}

    /// Room for the rows of `packed` whose request is ``OutputRequest/hiddenStates``.
    init(_ requests: [OutputRequest], _ packed: PackedBatch, _ configuration: MobileBertConfiguration) {
        for (row, request) in requests.enumerated() where request == .hiddenStates {
            var empty: [Float] = []
            let tokens = packed.tokens(ofRow: row).count
            empty.reserveCapacity((configuration.layerCount + 1) * tokens * configuration.hiddenSize)
            values[row] = empty
        }
    }

    /// Whether one of these rows asked.
    func wants(_ rows: Range<Int>) -> Bool { values.keys.contains { rows.contains($0) } }

    /// Appends the block's hidden states as they are now.
    mutating func take(_ reader: HiddenStateReader, _ pass: BlockPass) {
        for row in pass.block.rows where values[row] != nil {
            reader.append(pass.rows(ofText: row), in: pass.workspace.arena, to: &values[row, default: []])
        }
    }

    /// What was gathered for a row, [layers + 1, tokens, hidden_size] row-major; it is forgotten here.
    mutating func removeValues(ofRow row: Int) -> [Float] { values.removeValue(forKey: row) ?? [] }
}
