internal import LinearAlgebra

extension EncoderModel {
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
        try workspace.packed.fill(from: batch, configuration: configuration) { refusal(of: requests[$0], tokens: $1) }
        workspace.snapshots = Snapshots(requests, workspace.packed, configuration)
        var results: [Result<EncoderOutput, EncoderError>] = workspace.packed.failures.map {
            .failure($0 ?? .emptyInput)
        }
        for block in workspace.packed.blocks {
            let pass = forward(block, workspace: workspace, team: team)
            let outputs = BlockOutputs(model: self, pass: pass, requests: requests, team: team)
            for row in block.rows where workspace.packed.failures[row] == nil {
                results[row] = outputs.result(ofRow: row)
            }
        }
        return results
    }

    /// Takes one block through all layers.
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
        let snapshots = workspace.snapshots.layers(of: block.rows)
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
            forward(pass(0), snapshots: snapshots)
        } else {
            team.run { member in
                if member < members { forward(pass(member), snapshots: snapshots) }
            }
        }
        return pass(0)
    }

    /// One member's part.
    ///
    /// - Parameter snapshots: after how many layers somebody wants the hidden states.
    private func forward(_ pass: BlockPass, snapshots: Set<Int>) {
        weights.embeddings.forward(pass)
        if snapshots.contains(0) { takeSnapshot(after: 0, pass) }
        for index in weights.layers.indices {
            weights.layers[index].forward(
                pass,
                next: index + 1 < weights.layers.count ? weights.layers[index + 1] : nil
            )
            if snapshots.contains(index + 1) { takeSnapshot(after: index + 1, pass) }
        }
        pass.share.meet()
    }

    private func takeSnapshot(after layers: Int, _ pass: BlockPass) {
        pass.share.meet()
        if pass.share.member == 0 { pass.workspace.snapshots.take(layers, hiddenStates(after: layers, pass), pass) }
        pass.share.meet()
    }

    /// Reads the hidden states after `layers` layers.
    func hiddenStates(after layers: Int, _ pass: BlockPass) -> HiddenStateReader {
        HiddenStateReader(carry: weights.hiddenCarries[layers], hidden: pass.at.hidden)
    }

    /// Why a text of so many tokens can't have `request` from this model; nil if it can.
    private func refusal(of request: OutputRequest, tokens: Int) -> EncoderError? {
        if !request.heads.isEmpty, !request.heads.contains(where: heads.contains) {
            return .unavailableOutput(request.name, reason: reasonForLacking(request.heads))
        }
        switch request {
        case .pooled, .jointlyPooled:
            if case .jointlyPooled(_, let first) = request, !(0..<tokens).contains(first) {
                return .positionOutOfRange(position: first, tokens: tokens)
            }
            guard request.poolings.contains(.pooler), !hasPooler else { return nil }
            return .unavailableOutput(request.name, reason: reasonForLackingPooler)
        case .hiddenStates(let layers?):
            let all = 0...configuration.layerCount
            return layers.first { !all.contains($0) }.map {
                .layerOutOfRange(layer: $0, layers: configuration.layerCount)
            }
        case .maskedTokenLogits(let positions):
            let all = 0..<tokens
            return positions.first { !all.contains($0) }.map { .positionOutOfRange(position: $0, tokens: tokens) }
        default:
            return nil
        }
    }

    private var reasonForLackingPooler: String {
        configuration.architecture.hasPooler
            ? "\(weights.source) has no tensor \"pooler.dense.weight\""
            : "a \(configuration.architecture.family)Model has no pooler"
    }

    private func reasonForLacking(_ needed: [Head]) -> String {
        let found = configuration.architectures.map { "\"\($0)\"" }.joined(separator: ", ")
        let own = heads.map(\.rawValue).sorted().joined(separator: ", ")
        return "it has no head for \(needed.map(\.rawValue).joined(separator: " or ")), "
            + (own.isEmpty ? "nor any other" : "but for \(own)")
            + " (\(configuration.path): \"architectures\" is [\(found)])"
    }
}
