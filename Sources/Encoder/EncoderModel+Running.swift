package import Compute
internal import LinearAlgebra

extension EncoderModel {
    /// Runs a batch and gives each sequence the one output that its task asks for.
    ///
    /// Padding is dropped before the first product, so it neither costs anything nor changes a result. A sequence at
    /// fault (no tokens, too many, an id out of range, an output that the model doesn't have, a result that isn't
    /// finite) fails alone. With native kernels a sequence's result is the same bits in every batch and for every team.
    package func run(
        _ batch: Batch<OutputRequest>,
        workspace: Workspace,
        team: ThreadTeam = ThreadTeam()
    ) -> [Result<EncoderOutput, EncoderError>] {
        workspace.packed.fill(from: batch, configuration: configuration, refusal: refusal(of:tokens:))
        workspace.snapshots = Snapshots(batch.tasks, workspace.packed, configuration)
        var results: [Result<EncoderOutput, EncoderError>] = []
        results.reserveCapacity(batch.batchSize)
        for block in workspace.packed.blocks {
            var outputs: BlockOutputs?
            if !block.tokens.isEmpty {
                let pass = forward(block, workspace: workspace, team: team)
                outputs = BlockOutputs(model: self, pass: pass, requests: batch.tasks, team: team)
            }
            for sequence in block.sequences {
                if let failure = workspace.packed.failures[sequence] {
                    results.append(.failure(failure))
                } else if let outputs {
                    results.append(outputs.result(ofSequence: sequence))
                }
            }
        }
        return results
    }

    /// How many threads a batch of so many tokens is worth being divided among.
    ///
    /// One more thread is worth its wake-up, and its waiting for the others in every layer, only for so many
    /// multiplications: 40 microseconds of one CPU's in float32. A text of the full-size model always has more, one of
    /// the bundled model only above some twenty tokens.
    package func teamSize(tokens: Int) -> Int {
        max(1, tokens * multiplicationsPerToken / Self.minMultiplicationsPerThread)
    }

    private static var minMultiplicationsPerThread: Int { 5_000_000 }

    /// The multiplications of the layers' products with weights, beside which all others are few.
    static func multiplicationsPerToken(_ configuration: EncoderConfiguration) -> Int {
        let width = configuration.trueHiddenSize
        let bottlenecks = configuration.usesBottleneck ? 3 * configuration.hiddenSize * width : 0
        let feedForward = 2 * configuration.feedForwardNetworkCount * width * configuration.intermediateSize
        return configuration.layerCount * (bottlenecks + 4 * width * width + feedForward)
    }

    /// Takes one block through all layers.
    ///
    /// - Returns: the leader's pass, which says where the last hidden states are.
    func forward(_ block: PackedBatch.Block, workspace: Workspace, team: ThreadTeam) -> BlockPass {
        let snapshots = workspace.snapshots.layers(of: block.sequences)
        let passes = passes(of: block, workspace: workspace, threads: team.count)
        if passes.count == 1 {
            forward(passes[0], snapshots: snapshots)
        } else {
            team.run { member in
                if member < passes.count { forward(passes[member], snapshots: snapshots) }
            }
        }
        return passes[0]
    }

    /// Divides a block among the threads of a team: a pass for each thread that takes part, at least one.
    func passes(of block: PackedBatch.Block, workspace: Workspace, threads: Int) -> [BlockPass] {
        let tokens = block.tokens.count
        let (division, members) = WorkSlice.plan(tokens: tokens, count: threads, in: dataType)
        let layout = layout(
            tokens: tokens,
            longest: workspace.packed.longestSequence(in: block),
            sequences: block.sequences.count,
            division: division,
            members: members
        )
        workspace.reserve(layout)
        return (0..<members).map { member in
            BlockPass(
                arithmetic: arithmetic,
                workspace: workspace,
                packed: workspace.packed,
                block: block,
                at: layout.regions,
                slice: WorkSlice(member: member, count: members, division: division, barrier: workspace.barrier)
            )
        }
    }

    /// Computes one thread's slice of a block.
    ///
    /// - Parameter snapshots: the numbers of layers after which a sequence wants the hidden states.
    func forward(_ pass: BlockPass, snapshots: Set<Int>) {
        weights.embeddings.forward(pass)
        if snapshots.contains(0) { takeSnapshot(after: 0, pass) }
        for index in weights.layers.indices {
            weights.layers[index].forward(
                pass,
                next: index + 1 < weights.layers.count ? weights.layers[index + 1] : nil
            )
            if snapshots.contains(index + 1) { takeSnapshot(after: index + 1, pass) }
        }
        pass.slice.meet()
    }

    private func takeSnapshot(after layers: Int, _ pass: BlockPass) {
        pass.slice.meet()
        if pass.slice.member == 0 { pass.workspace.snapshots.take(layers, hiddenStates(after: layers, pass), pass) }
        pass.slice.meet()
    }

    /// Reads the hidden states after `layers` layers.
    func hiddenStates(after layers: Int, _ pass: BlockPass) -> HiddenStateReader {
        HiddenStateReader(carry: weights.hiddenCarries[layers], hidden: pass.at.hidden)
    }

    /// The reason why a sequence of so many tokens can't have `request` from this model; nil if it can.
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
            ? "\(weights.source) has no tensor \"\(configuration.architecture.tensors.pooler).weight\""
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
