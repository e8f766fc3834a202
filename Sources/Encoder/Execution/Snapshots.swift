/// The hidden states of the rows that asked for all of them, gathered as the layers go by.
struct Snapshots {
    /// Row → values so far; empty when no row asked.
    private var values: [Int: [Float]] = [:]

    /// Room for the rows of `packed` whose request is ``OutputRequest/hiddenStates``.
    init(_ requests: [OutputRequest], _ packed: PackedBatch, _ configuration: MobileBertConfiguration) {
        for (row, request) in requests.enumerated() where request == .hiddenStates {
            var empty: [Float] = []
            let tokens = packed.tokens(ofRow: row).count
            empty.reserveCapacity((configuration.layerCount + 1) * tokens * configuration.hiddenSize)
            values[row] = empty
        }
    }

    /// Appends the hidden states as they are now.
    mutating func take(_ reader: HiddenStateReader, _ workspace: borrowing Workspace) {
        for row in values.keys {
            reader.append(workspace.packed.tokens(ofRow: row), in: workspace.arena, to: &values[row, default: []])
        }
    }

    /// What was gathered for a row, [layers + 1, tokens, hidden_size] row-major.
    func values(ofRow row: Int) -> [Float] { values[row] ?? [] }
}
