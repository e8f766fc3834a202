import Batching
package import Compute
package import Encoder

/// Runs the scheduler's batches on the encoder: the one file that knows both.
package struct EncoderEngine: BatchEngine {
    private let model: EncoderModel
    private let workers: Int

    /// An engine of so many workers, any of which may lend itself to another's batch.
    init(model: EncoderModel, workers: Int) {
        self.model = model
        self.workers = workers
    }

    /// A worker with a workspace of its own.
    package func makeWorker() -> EncoderWorker { EncoderWorker(model: model, workers: workers) }

    /// As many threads as find enough to do.
    package func teamSize(tokens: Int) -> Int { model.teamSize(tokens: tokens) }

    /// The memory of the output's floats, and a little for the headers of its two arrays.
    package func bytes(of output: EncoderOutput) -> Int {
        output.values.count * MemoryLayout<Float>.stride + 128
    }
}

/// One worker: the shared model with a workspace of its own.
package final class EncoderWorker: BatchWorker {
    private let model: EncoderModel
    private let workspace: Workspace

    fileprivate init(model: EncoderModel, workers: Int) {
        self.model = model
        self.workspace = model.makeWorkspace(threads: workers)
    }

    /// Runs the forward pass; a sequence at fault fails alone.
    package func run(_ batch: Batch<OutputRequest>, team: ThreadTeam) -> [Result<EncoderOutput, any Error>] {
        model.run(batch, workspace: workspace, team: team).map { $0.mapError { $0 as any Error } }
    }
}
