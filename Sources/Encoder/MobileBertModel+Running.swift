internal import LinearAlgebra

extension MobileBertModel {
    /// Runs a batch and gives each row the one output it asked for.
    ///
    /// Padding is dropped before the first product, so it neither costs anything nor changes a result. A row at fault
    /// (an id out of range, a malformed mask, an output that the model doesn't have, a result that isn't finite) fails
    /// alone.
    ///
    /// - Throws: ``EncoderError/malformedBatch(_:)`` when the batch's parts don't fit each other.
    package func run(
        _ batch: EncoderBatch,
        requests: [OutputRequest],
        workspace: inout Workspace
    ) throws(EncoderError) -> [Result<EncoderOutput, EncoderError>] {
        guard requests.count == batch.rows else {
            throw .malformedBatch("\(requests.count) requests for \(batch.rows) rows")
        }
        try workspace.packed.fill(from: batch, configuration: configuration) { refusal(of: requests[$0]) }
        workspace.arrange(widths)

        var snapshots = Snapshots(requests, workspace.packed, configuration)
        for block in workspace.packed.blocks {
            let regions = workspace.layout.regions(of: block)
            weights.embeddings.forward(block, of: workspace.packed, regions, arena: &workspace.arena)
        }
        snapshots.take(hiddenStates(after: 0, workspace), workspace)
        for (index, layer) in weights.layers.enumerated() {
            for block in workspace.packed.blocks {
                let regions = workspace.layout.regions(of: block)
                layer.forward(block, of: workspace.packed, regions, arena: &workspace.arena)
            }
            snapshots.take(hiddenStates(after: index + 1, workspace), workspace)
        }
        return outputs(requests, &snapshots, &workspace)
    }

    /// Why no row can have `request` from this model; nil if it can.
    private func refusal(of request: OutputRequest) -> EncoderError? {
        switch request {
        case .logits where classifier == nil:
            let found = configuration.architectures.map { "\"\($0)\"" }.joined(separator: ", ")
            return .unavailableOutput(
                request.name,
                reason: "\(configuration.path): \"architectures\" is [\(found)], "
                    + "not [\"MobileBertForSequenceClassification\"]"
            )
        case .pooled(.pooler) where !hasPooler:
            return .unavailableOutput(request.name, reason: "\(weights.source) has no tensor \"pooler.dense.weight\"")
        default:
            return nil
        }
    }

    /// Reads the hidden states after `layers` layers.
    private func hiddenStates(after layers: Int, _ workspace: borrowing Workspace) -> HiddenStateReader {
        HiddenStateReader(carry: weights.hiddenCarries[layers], hidden: workspace.layout.hidden)
    }

    /// Each row's output, checked to be finite.
    private func outputs(
        _ requests: [OutputRequest],
        _ snapshots: inout Snapshots,
        _ workspace: inout Workspace
    ) -> [Result<EncoderOutput, EncoderError>] {
        let reader = hiddenStates(after: weights.layers.count, workspace)
        if requests.contains(where: { $0 == .logits || $0 == .pooled(.pooler) }) { pool(&workspace) }
        var results: [Result<EncoderOutput, EncoderError>] = []
        results.reserveCapacity(requests.count)
        for (row, request) in requests.enumerated() {
            if let error = workspace.packed.failures[row] {
                results.append(.failure(error))
                continue
            }
            let tokens = workspace.packed.tokens(ofRow: row)
            let hiddenSize = configuration.hiddenSize
            let output =
                switch request {
                case .hiddenStates:
                    EncoderOutput(
                        values: snapshots.values(ofRow: row),
                        shape: [weights.layers.count + 1, tokens.count, hiddenSize]
                    )
                case .lastHiddenState:
                    EncoderOutput(
                        values: lastHiddenState(of: tokens, reader, workspace),
                        shape: [tokens.count, hiddenSize]
                    )
                case .pooled(.mean):
                    EncoderOutput(values: reader.mean(tokens, in: workspace.arena), shape: [hiddenSize])
                case .pooled(.cls):
                    EncoderOutput(values: lastHiddenState(of: tokens.prefix(1), reader, workspace), shape: [hiddenSize])
                case .pooled(.pooler):
                    EncoderOutput(values: pooled(row, reader, workspace), shape: [hiddenSize])
                case .logits:
                    logits(row, reader, workspace)
                }
            let isFinite = output.values.allSatisfy(\.isFinite)
            results.append(isFinite ? .success(output) : .failure(.nonFinite(request.name)))
        }
        return results
    }

    private func lastHiddenState(
        of tokens: Range<Int>,
        _ reader: HiddenStateReader,
        _ workspace: borrowing Workspace
    ) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(tokens.count * configuration.hiddenSize)
        reader.append(tokens, in: workspace.arena, to: &values)
        return values
    }

    /// Runs the pooler's dense layer over all rows at once.
    private func pool(_ workspace: inout Workspace) {
        guard case .dense(let layer) = weights.pooler else { return }
        let hidden = workspace.layout.hidden
        let first = workspace.layout.firstTokens
        for row in 0..<workspace.packed.rowCount {
            let tokens = workspace.packed.tokens(ofRow: row)
            guard let token = tokens.first else { continue }
            workspace.arena.copyRow(hidden.rows(token..<token + 1), to: first.rows(row..<row + 1))
        }
        layer.apply(first, into: workspace.layout.pooled, of: &workspace.arena)
    }

    /// The pooler's output for a row; ``pool(_:)`` comes first.
    private func pooled(_ row: Int, _ reader: HiddenStateReader, _ workspace: borrowing Workspace) -> [Float] {
        guard case .dense = weights.pooler else {
            return lastHiddenState(of: workspace.packed.tokens(ofRow: row).prefix(1), reader, workspace)
        }
        let region = workspace.layout.pooled.rows(row..<row + 1)
        return workspace.arena.withSpan { values in
            (0..<region.columns).map { values[region.offset + $0] }
        }
    }

    private func logits(
        _ row: Int,
        _ reader: HiddenStateReader,
        _ workspace: borrowing Workspace
    ) -> EncoderOutput {
        let values = classifier?.logits(pooled: pooled(row, reader, workspace)) ?? []
        return EncoderOutput(values: values, shape: [values.count])
    }
}
