internal import Compute
internal import LinearAlgebra

/// Reads the outputs that the sequences of a block asked for from its last hidden states.
struct BlockOutputs {
    private let model: EncoderModel
    private let pass: BlockPass
    private let requests: [OutputRequest]
    private let reader: HiddenStateReader
    /// The language model's logits of each sequence that asked for them.
    private let maskedTokenLogits: [Int: [Float]]

    /// Runs the pooler and the language model's head if a sequence needs them.
    init(model: EncoderModel, pass: BlockPass, requests: [OutputRequest], team: ThreadTeam) {
        self.model = model
        self.pass = pass
        self.requests = requests
        reader = model.hiddenStates(after: model.weights.layers.count, pass)
        maskedTokenLogits = model.weights.heads.languageModel?.logits(pass, requests, team: team) ?? [:]
        if pass.block.sequences.contains(where: { requests[$0].readsPooler }) { pool() }
    }

    /// A sequence's output, checked to be finite.
    func result(ofSequence sequence: Int) -> Result<EncoderOutput, EncoderError> {
        let rows = pass.rows(ofSequence: sequence)
        let output =
            switch requests[sequence] {
            case .hiddenStates:
                hiddenStates(sequence, tokens: rows.all.count)
            case .lastHiddenState:
                EncoderOutput(
                    values: reader.values(rows, in: pass.workspace.arena),
                    shape: [rows.all.count, reader.hidden.columns]
                )
            case .pooled(let pooling):
                EncoderOutput(values: pooled(sequence, by: pooling), shape: [reader.hidden.columns])
            case .jointlyPooled(let poolings, let first):
                EncoderOutput(
                    values: poolings.flatMap { pooled(sequence, by: $0, from: first) },
                    shape: [poolings.count * reader.hidden.columns]
                )
            case .logits, .nextSentenceLogits:
                pooledLogits(sequence)
            case .tokenLogits, .spanLogits:
                tokenLogits(sequence)
            case .maskedTokenLogits(let positions):
                EncoderOutput(
                    values: maskedTokenLogits[sequence] ?? [],
                    shape: [positions.count, model.configuration.vocabularySize]
                )
            }
        let isFinite = output.values.allSatisfy(\.isFinite)
        return isFinite ? .success(output) : .failure(.nonFinite(requests[sequence].name))
    }

    private func hiddenStates(_ sequence: Int, tokens: Int) -> EncoderOutput {
        let (layers, values) = pass.workspace.snapshots.remove(sequence)
        return EncoderOutput(values: values, shape: [layers, tokens, reader.hidden.columns])
    }

    /// Runs the pooler's dense layer over all sequences at once.
    private func pool() {
        guard case .dense(let layer) = model.weights.pooler else { return }
        let (at, workspace) = (pass.at, pass.workspace)
        for (index, sequence) in pass.block.sequences.enumerated() {
            let rows = pass.rows(ofSequence: sequence)
            guard !rows.all.isEmpty else { continue }
            let first = rows.row(ofPosition: 0)
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

    /// - Parameter first: the first token that counts; the pooler reads the sequence's first token in any case.
    private func pooled(_ sequence: Int, by pooling: Pooling, from first: Int = 0) -> [Float] {
        guard pooling == .pooler, case .dense = model.weights.pooler else {
            return reader.pooled(
                pass.rows(ofSequence: sequence),
                from: pooling == .pooler ? 0 : first,
                by: pooling,
                in: pass.workspace.arena,
                on: pass.arithmetic
            )
        }
        let index = sequence - pass.block.sequences.lowerBound
        let region = pass.at.pooled.rows(index..<index + 1)
        return pass.workspace.arena.withSpan { values in
            (0..<region.columns).map { values[region.offset + $0] }
        }
    }

    /// The head that a sequence asked for, where it is a dense layer; a sequence that asked for a head that the model
    /// lacks was refused before.
    private func denseHead(of sequence: Int) -> DenseHead? {
        requests[sequence].heads.lazy.compactMap { model.weights.heads.dense[$0] }.first
    }

    private func pooledLogits(_ sequence: Int) -> EncoderOutput {
        let values = denseHead(of: sequence)?.logits(pooled(sequence, by: .pooler).map(Double.init)) ?? []
        return EncoderOutput(values: values, shape: [values.count])
    }

    private func tokenLogits(_ sequence: Int) -> EncoderOutput {
        guard let head = denseHead(of: sequence) else { return EncoderOutput(values: [], shape: [0]) }
        let rows = pass.rows(ofSequence: sequence)
        var values: [Float] = []
        values.reserveCapacity(rows.all.count * head.outputs)
        var features = Array(repeating: 0.0, count: reader.hidden.columns)
        for position in 0..<rows.all.count {
            reader.read(rows.row(ofPosition: position), in: pass.workspace.arena, into: &features)
            values += head.logits(features)
        }
        return EncoderOutput(values: values, shape: [rows.all.count, head.outputs])
    }
}

extension OutputRequest {
    /// Whether the pooler has to run for this request.
    fileprivate var readsPooler: Bool {
        poolings.contains(.pooler) || heads.contains(where: \.readsPooler)
    }
}
