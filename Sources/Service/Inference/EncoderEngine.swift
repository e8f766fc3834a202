package import Batching
package import Encoder

/// Runs the scheduler's batches on the encoder: the one place that knows both.
package struct EncoderEngine: BatchEngine {
    let model: MobileBertModel

    /// A worker with a workspace of its own, which grows to the largest batch it has seen.
    package func makeWorker() -> EncoderWorker { EncoderWorker(model: model) }

    /// The encoder computes on one thread.
    package func teamSize(tokens: Int) -> Int { 1 }
}

/// One worker: the shared model with a workspace of its own.
package final class EncoderWorker: BatchWorker {
    private let model: MobileBertModel
    private let workspace: Workspace

    init(model: MobileBertModel) {
        self.model = model
        self.workspace = model.makeWorkspace()
    }

    /// Runs the forward pass; a row at fault fails alone.
    package func run(_ batch: Batch<OutputRequest>, team: BatchTeam) throws -> [Result<EncoderOutput, any Error>] {
        let input = EncoderBatch(
            rows: batch.rows,
            length: batch.length,
            inputIDs: batch.inputIDs,
            tokenTypeIDs: batch.tokenTypeIDs,
            attentionMask: batch.attentionMask
        )
        return try model.run(input, requests: batch.tasks, workspace: workspace, team: EngineTeam(members: team))
            .map { $0.mapError { $0 as any Error } }
    }
}

/// The scheduler's team as the encoder knows it.
private struct EngineTeam: Team {
    let members: BatchTeam

    var count: Int { members.count }

    func run(_ body: @Sendable (Int) -> Void) { members.run(body) }
}
