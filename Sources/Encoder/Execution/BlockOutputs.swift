internal import LinearAlgebra

/// What the rows of a block asked for, read from its last hidden states.
struct BlockOutputs {
    private let model: MobileBertModel
    private let pass: BlockPass
    private let requests: [OutputRequest]
    private let reader: HiddenStateReader

    /// Runs the pooler if a row needs it.
    init(model: MobileBertModel, pass: BlockPass, requests: [OutputRequest]) {
        self.model = model
        self.pass = pass
        self.requests = requests
        reader = model.hiddenStates(after: model.weights.layers.count, pass)
        if pass.block.rows.contains(where: { requests[$0] == .logits || requests[$0] == .pooled(.pooler) }) { pool() }
    }

    /// A row's output, checked to be finite.
    func result(ofRow row: Int) -> Result<EncoderOutput, EncoderError> {
        let rows = pass.rows(ofText: row)
        let hiddenSize = model.configuration.hiddenSize
        let output =
            switch requests[row] {
            case .hiddenStates:
                EncoderOutput(
                    values: pass.workspace.snapshots.removeValues(ofRow: row),
                    shape: [model.weights.layers.count + 1, rows.count, hiddenSize]
                )
            case .lastHiddenState:
                EncoderOutput(values: lastHiddenState(of: rows), shape: [rows.count, hiddenSize])
            case .pooled(.mean):
                EncoderOutput(
                    values: reader.mean(rows, in: pass.workspace.arena, on: pass.arithmetic),
                    shape: [hiddenSize]
                )
            case .pooled(.cls):
                EncoderOutput(values: lastHiddenState(of: rows.prefix(1)), shape: [hiddenSize])
            case .pooled(.pooler):
                EncoderOutput(values: pooled(row), shape: [hiddenSize])
            case .logits:
                logits(row)
            }
        let isFinite = output.values.allSatisfy(\.isFinite)
        return isFinite ? .success(output) : .failure(.nonFinite(requests[row].name))
    }

    private func lastHiddenState(of rows: Range<Int>) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(rows.count * model.configuration.hiddenSize)
        reader.append(rows, in: pass.workspace.arena, to: &values)
        return values
    }

    /// Runs the pooler's dense layer over all texts at once.
    private func pool() {
        guard case .dense(let layer) = model.weights.pooler else { return }
        let (at, workspace) = (pass.at, pass.workspace)
        for (index, row) in pass.block.rows.enumerated() {
            guard let first = pass.rows(ofText: row).first else { continue }
            workspace.arena.copyRow(at.hidden.rows(first..<first + 1), to: at.firstTokens.rows(index..<index + 1))
        }
        layer.multiply(
            at.firstTokens,
            OperandRoom(),
            into: at.pooled,
            columns: 0..<at.pooled.columns,
            of: workspace.arena
        )
        if layer.appliesActivationAfterwards { layer.activate(at.pooled, of: workspace.arena) }
    }

    /// The pooler's output for a row.
    private func pooled(_ row: Int) -> [Float] {
        guard case .dense = model.weights.pooler else {
            return lastHiddenState(of: pass.rows(ofText: row).prefix(1))
        }
        let index = row - pass.block.rows.lowerBound
        let region = pass.at.pooled.rows(index..<index + 1)
        return pass.workspace.arena.withSpan { values in
            (0..<region.columns).map { values[region.offset + $0] }
        }
    }

    private func logits(_ row: Int) -> EncoderOutput {
        let values = model.classifier?.logits(pooled: pooled(row)) ?? []
        return EncoderOutput(values: values, shape: [values.count])
    }
}
