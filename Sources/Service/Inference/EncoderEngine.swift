package import Batching
package import Encoder

/// Runs the scheduler's batches on the encoder: the one place that knows both.
package struct EncoderEngine: BatchEngine {
    /// A thread more is worth its wake-up, and its waiting for the others in every layer, only for so many
    /// multiplications: 40 microseconds of one CPU's in float32. A text of the full-size model has always more, one of
    /// the bundled model only above some twenty tokens.
    private static let minMultiplicationsPerMember = 5_000_000

    private let model: EncoderModel
    private let workers: Int
    private let multiplicationsPerToken: Int

    /// - Parameter workers: how many workers there will be, any of which may lend itself to another's batch.
    init(model: EncoderModel, workers: Int) {
        self.model = model
        self.workers = workers
        self.multiplicationsPerToken = Self.multiplicationsPerToken(model.configuration)
    }

    /// A worker with a workspace of its own.
    package func makeWorker() -> EncoderWorker { EncoderWorker(model: model, teamSize: workers) }

    /// As many threads as find enough to do.
    package func teamSize(tokens: Int) -> Int {
        max(1, tokens * multiplicationsPerToken / Self.minMultiplicationsPerMember)
    }

    /// Its floats, and a little for the arrays.
    package func bytes(of output: EncoderOutput) -> Int {
        output.values.count * MemoryLayout<Float>.stride + Self.arrayBytes
    }

    /// Headers of the two arrays.
    private static let arrayBytes = 128

    /// Those of the layers' products with weights, beside which all others are few.
    private static func multiplicationsPerToken(_ configuration: EncoderConfiguration) -> Int {
        let width = configuration.trueHiddenSize
        let bottlenecks = configuration.usesBottleneck ? 3 * configuration.hiddenSize * width : 0
        let feedForward = 2 * configuration.feedForwardNetworkCount * width * configuration.intermediateSize
        return configuration.layerCount * (bottlenecks + 4 * width * width + feedForward)
    }
}

extension BatchTeam: Team {}

/// One worker: the shared model with a workspace of its own.
package final class EncoderWorker: BatchWorker {
    private let model: EncoderModel
    private let workspace: Workspace

    init(model: EncoderModel, teamSize: Int) {
        self.model = model
        self.workspace = model.makeWorkspace(members: teamSize)
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
        return try model.run(input, requests: batch.tasks, workspace: workspace, team: team)
            .map { $0.mapError { $0 as any Error } }
    }
}
