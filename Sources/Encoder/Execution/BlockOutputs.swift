internal import LinearAlgebra

/// What the rows of a block asked for, read from its last hidden states.
struct BlockOutputs {
    private let model: EncoderModel
    private let pass: BlockPass
    private let requests: [OutputRequest]
    private let reader: HiddenStateReader
    /// Row → its logits of a language model.
    private let maskedTokenLogits: [Int: [Float]]

    /// Runs the pooler and the language model's head if a row needs them.
    init(model: EncoderModel, pass: BlockPass, requests: [OutputRequest], team: some Team) {
        self.model = model
        self.pass = pass
        self.requests = requests
        reader = model.hiddenStates(after: model.weights.layers.count, pass)
        maskedTokenLogits = model.weights.heads.languageModel?.logits(pass, requests, team: team) ?? [:]
        if pass.block.rows.contains(where: { requests[$0].readsPooler }) { pool() }
    }

    /// A row's output, checked to be finite.
    func result(ofRow row: Int) -> Result<EncoderOutput, EncoderError> {
        let rows = pass.rows(ofText: row)
        let output =
            switch requests[row] {
            case .hiddenStates:
                hiddenStates(row, tokens: rows.count)
            case .lastHiddenState:
                EncoderOutput(
                    values: reader.values(rows, in: pass.workspace.arena),
                    shape: [rows.count, reader.hidden.columns]
                )
            case .pooled(let pooling):
                EncoderOutput(values: pooled(row, by: pooling), shape: [reader.hidden.columns])
            case .jointlyPooled(let poolings, let first):
                EncoderOutput(
                    values: poolings.flatMap { pooled(row, by: $0, from: first) },
                    shape: [poolings.count * reader.hidden.columns]
                )
            case .logits, .nextSentenceLogits:
                pooledLogits(row)
            case .tokenLogits, .spanLogits:
                tokenLogits(row)
            case .maskedTokenLogits(let positions):
                EncoderOutput(
                    values: maskedTokenLogits[row] ?? [],
                    shape: [positions.count, model.configuration.vocabularySize]
                )
            }
        let isFinite = output.values.allSatisfy(\.isFinite)
        return isFinite ? .success(output) : .failure(.nonFinite(requests[row].name))
    }

    private func hiddenStates(_ row: Int, tokens: Int) -> EncoderOutput {
        let (layers, values) = pass.workspace.snapshots.remove(row: row)
        return EncoderOutput(values: values, shape: [layers, tokens, reader.hidden.columns])
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
            OperandScratch(),
            into: at.pooled,
            columns: 0..<at.pooled.columns,
            of: workspace.arena
        )
        if layer.appliesActivationAfterwards { layer.activate(at.pooled, of: workspace.arena) }
    }

    /// - Parameter first: the first token that counts; the pooler reads the text's first in any case.
    private func pooled(_ row: Int, by pooling: Pooling, from first: Int = 0) -> [Float] {
        guard pooling == .pooler, case .dense = model.weights.pooler else {
            return reader.pooled(
                pass.rows(ofText: row),
                from: pooling == .pooler ? 0 : first,
                by: pooling,
                in: pass.workspace.arena,
                on: pass.arithmetic
            )
        }
        let index = row - pass.block.rows.lowerBound
        let region = pass.at.pooled.rows(index..<index + 1)
        return pass.workspace.arena.withSpan { values in
            (0..<region.columns).map { values[region.offset + $0] }
        }
    }

    /// The head that a row asked for, where it is a dense layer; the model has it, or the row would have been refused.
    private func denseHead(ofRow row: Int) -> DenseHead? {
        requests[row].heads.lazy.compactMap { model.weights.heads.dense[$0] }.first
    }

    private func pooledLogits(_ row: Int) -> EncoderOutput {
        let values = denseHead(ofRow: row)?.logits(pooled(row, by: .pooler).map(Double.init)) ?? []
        return EncoderOutput(values: values, shape: [values.count])
    }

    private func tokenLogits(_ row: Int) -> EncoderOutput {
        guard let head = denseHead(ofRow: row) else { return EncoderOutput(values: [], shape: [0]) }
        let rows = pass.rows(ofText: row)
        var values: [Float] = []
        values.reserveCapacity(rows.count * head.outputs)
        var features = Array(repeating: 0.0, count: reader.hidden.columns)
        for token in rows {
            reader.read(token, in: pass.workspace.arena, into: &features)
            values += head.logits(features)
        }
        return EncoderOutput(values: values, shape: [rows.count, head.outputs])
    }
}

extension OutputRequest {
    /// Whether the pooler has to run for it.
    fileprivate var readsPooler: Bool {
        poolings.contains(.pooler) || heads.contains(where: \.readsPooler)
    }
}
