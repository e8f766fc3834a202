internal import LinearAlgebra

/// The hidden states of the texts that asked for them, gathered as the layers go by.
struct Snapshots {
    /// What one text asked for.
    private struct Row {
        /// After how many layers.
        let layers: [Int]
        /// [layers, tokens, hidden_size], row-major.
        var values: [Float]

        static let empty = Row(layers: [], values: [])
    }

    /// Row → what was gathered so far; empty when no row asked.
    private var rows: [Int: Row] = [:]

    /// Nobody asked.
    init() {}

    /// Room for the rows of `packed` whose request is ``OutputRequest/hiddenStates(layers:)``.
    init(_ requests: [OutputRequest], _ packed: PackedBatch, _ configuration: EncoderConfiguration) {
        for (row, request) in requests.enumerated() where packed.failures[row] == nil {
            guard case .hiddenStates(let chosen) = request else { continue }
            let layers = chosen ?? Array(0...configuration.layerCount)
            let count = layers.count * packed.tokens(ofRow: row).count * configuration.hiddenSize
            rows[row] = Row(layers: layers, values: Array(repeating: 0, count: count))
        }
    }

    /// After how many layers one of these rows wants the hidden states.
    func layers(of range: Range<Int>) -> Set<Int> {
        var layers: Set<Int> = []
        for (row, wanted) in rows where range.contains(row) { layers.formUnion(wanted.layers) }
        return layers
    }

    /// Keeps the block's hidden states as they are after `layer` layers.
    mutating func take(_ layer: Int, _ reader: HiddenStateReader, _ pass: BlockPass) {
        for row in pass.block.rows {
            guard let layers = rows[row]?.layers else { continue }
            let tokens = pass.rows(ofText: row)
            for (index, wanted) in layers.enumerated() where wanted == layer {
                let start = index * tokens.count * reader.hidden.columns
                reader.copy(tokens, in: pass.workspace.arena, to: &rows[row, default: .empty].values, at: start)
            }
        }
    }

    /// What was gathered for a row, and for how many layers; it is forgotten here.
    mutating func remove(row: Int) -> (layers: Int, values: [Float]) {
        let row = rows.removeValue(forKey: row)
        return (row?.layers.count ?? 0, row?.values ?? [])
    }
}
