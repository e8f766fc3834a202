internal import LinearAlgebra

extension MobileBertModel {
    /// Runs a batch and gives each row the one output it asked for.
    ///
    /// Padding is dropped before the first product, so it neither costs anything nor changes a result. A row at fault
    /// (an id out of range, a malformed mask, an output that the model doesn't have, a result that isn't finite) fails
    /// alone. With native kernels a row's result is the same bits in every batch and for every team.
    ///
    /// - Throws: ``EncoderError/malformedBatch(_:)`` when the batch's parts don't fit each other.
    package func run(
        _ batch: EncoderBatch,
        requests: [OutputRequest],
        workspace: Workspace,
        team: some Team = SoloTeam()
    ) throws(EncoderError) -> [Result<EncoderOutput, EncoderError>] {
        guard requests.count == batch.rows else {
            throw .malformedBatch("\(requests.count) requests for \(batch.rows) rows")
        }
        try workspace.packed.fill(from: batch, configuration: configuration) { refusal(of: requests[$0]) }
        workspace.snapshots = Snapshots(requests, workspace.packed, configuration)
        var results: [Result<EncoderOutput, EncoderError>] = workspace.packed.failures.map {
            .failure($0 ?? .emptyInput)
        }
        for block in workspace.packed.blocks {
            let pass = forward(block, workspace: workspace, team: team)
            let outputs = BlockOutputs(model: self, pass: pass, requests: requests)
            for row in block.rows where workspace.packed.failures[row] == nil {
                results[row] = outputs.result(ofRow: row)
            }
        }
        return results
    }

    /// Takes one block through all layers, and through the pooler if a row needs it.
    ///
    /// - Returns: where the last hidden states are.
    func forward(_ block: PackedBatch.Block, workspace: Workspace, team: some Team) -> BlockPass {
        let tokens = block.tokens.count
        let (division, members) = Share.plan(tokens: tokens, count: team.count, in: dataType)
        let layout = layout(
            tokens: tokens,
            longest: workspace.packed.longestRow(in: block),
            texts: block.rows.count,
            division: division,
            members: members
        )
        workspace.reserve(layout)
        let packed = workspace.packed
        let takesSnapshots = workspace.snapshots.wants(block.rows)
        @Sendable func pass(_ member: Int) -> BlockPass {
            BlockPass(
                arithmetic: arithmetic,
                workspace: workspace,
                packed: packed,
                block: block,
                at: layout.regions,
                share: Share(member: member, count: members, division: division, barrier: workspace.barrier)
            )
        }
        if members == 1 {
            forward(pass(0), takesSnapshots: takesSnapshots)
        } else {
            team.run { member in
                if member < members { forward(pass(member), takesSnapshots: takesSnapshots) }
            }
        }
        return pass(0)
    }

    /// One member's part.
    private func forward(_ pass: BlockPass, takesSnapshots: Bool) {
        weights.embeddings.forward(pass)
        if takesSnapshots { takeSnapshot(after: 0, pass) }
        for index in weights.layers.indices {
            weights.layers[index].forward(
                pass,
                next: index + 1 < weights.layers.count ? weights.layers[index + 1] : nil
            )
            if takesSnapshots { takeSnapshot(after: index + 1, pass) }
        }
        pass.share.meet()
    }

    private func takeSnapshot(after layers: Int, _ pass: BlockPass) {
        pass.share.meet()
        if pass.share.member == 0 { pass.workspace.snapshots.take(hiddenStates(after: layers, pass), pass) }
        pass.share.meet()
    }

    /// Reads the hidden states after `layers` layers.
    func hiddenStates(after layers: Int, _ pass: BlockPass) -> HiddenStateReader {
        HiddenStateReader(carry: weights.hiddenCarries[layers], hidden: pass.at.hidden)
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
}
