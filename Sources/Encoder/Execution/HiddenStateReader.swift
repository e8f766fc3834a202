internal import LinearAlgebra

/// Reads the model's hidden states from the stream that the layers store.
struct HiddenStateReader {
    /// What is still to be applied to the stream.
    let carry: AffineCarry
    /// The block's part of the arena.
    let hidden: MatrixRegion

    /// Writes the hidden states of a sequence, [tokens, hidden_size] row-major in the order of the positions, from
    /// `values[start]` on.
    func copy(_ rows: SequenceRows, in arena: borrowing AlignedBuffer, to values: inout [Float], at start: Int) {
        var index = start
        arena.withSpan { stored in
            for position in 0..<rows.all.count {
                forEachUnit(of: rows.row(ofPosition: position), stored) { _, value in
                    values[index] = Float(value)
                    index += 1
                }
            }
        }
    }

    /// The hidden states of a sequence, [tokens, hidden_size] row-major.
    func values(_ rows: SequenceRows, in arena: borrowing AlignedBuffer) -> [Float] {
        var values = Array(repeating: Float(0), count: rows.all.count * hidden.columns)
        copy(rows, in: arena, to: &values, at: 0)
        return values
    }

    /// The hidden state of one row.
    func values(ofRow row: Int, in arena: borrowing AlignedBuffer) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(hidden.columns)
        arena.withSpan { stored in
            forEachUnit(of: row, stored) { _, value in values.append(Float(value)) }
        }
        return values
    }

    /// Writes one token's hidden state, not rounded.
    func read(_ row: Int, in arena: borrowing AlignedBuffer, into values: inout [Double]) {
        arena.withSpan { stored in
            forEachUnit(of: row, stored) { column, value in values[column] = value }
        }
    }

    /// Calls `body` with each unit of a token's hidden state.
    @inline(__always)
    func forEachUnit(of row: Int, _ stored: Span<Float>, _ body: (_ column: Int, _ value: Double) -> Void) {
        let start = hidden.offset + row * hidden.stride
        for column in 0..<hidden.columns {
            body(column, Double(stored[start + column]) * carry.scale[column] + carry.shift[column])
        }
    }
}

/// The hidden states after single layers, of the sequences that asked for them, gathered while the layers run.
struct Snapshots {
    /// The hidden states of one sequence.
    private struct Gathered {
        /// The numbers of layers after which the sequence wants them.
        let layers: [Int]
        /// [layers, tokens, hidden_size], row-major.
        var values: [Float]

        static let empty = Gathered(layers: [], values: [])
    }

    /// By sequence; empty when none asked.
    private var gathered: [Int: Gathered] = [:]

    /// The snapshots of a batch in which no sequence asked.
    init() {}

    /// Arrays for the sequences of `packed` whose request is ``OutputRequest/hiddenStates(layers:)``.
    init(_ requests: [OutputRequest], _ packed: PackedBatch, _ configuration: EncoderConfiguration) {
        for (sequence, request) in requests.enumerated() where packed.failures[sequence] == nil {
            guard case .hiddenStates(let chosen) = request else { continue }
            let layers = chosen ?? Array(0...configuration.layerCount)
            let count = layers.count * packed.tokens(ofSequence: sequence).count * configuration.hiddenSize
            gathered[sequence] = Gathered(layers: layers, values: Array(repeating: 0, count: count))
        }
    }

    /// The numbers of layers after which one of these sequences wants the hidden states.
    func layers(of range: Range<Int>) -> Set<Int> {
        var layers: Set<Int> = []
        for (sequence, wanted) in gathered where range.contains(sequence) { layers.formUnion(wanted.layers) }
        return layers
    }

    /// Copies the block's hidden states as they are after `layer` layers.
    mutating func take(_ layer: Int, _ reader: HiddenStateReader, _ pass: BlockPass) {
        for sequence in pass.block.sequences {
            guard let layers = gathered[sequence]?.layers else { continue }
            let rows = pass.rows(ofSequence: sequence)
            for (index, wanted) in layers.enumerated() where wanted == layer {
                let start = index * rows.all.count * reader.hidden.columns
                reader.copy(
                    rows,
                    in: pass.workspace.arena,
                    to: &gathered[sequence, default: .empty].values,
                    at: start
                )
            }
        }
    }

    /// Hands out the hidden states of a sequence, [layers, tokens, hidden_size], and the number of layers.
    mutating func remove(_ sequence: Int) -> (layers: Int, values: [Float]) {
        let taken = gathered.removeValue(forKey: sequence)
        return (taken?.layers.count ?? 0, taken?.values ?? [])
    }
}
