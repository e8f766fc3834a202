import Compute
import Encoder
import Synchronization

/// Measures the forward pass on a team of threads, each with a workspace. All threads of the team stay awake from batch
/// to batch, so the time is the engine's alone, without the scheduler.
final class ForwardBench: Sendable {
    private let model: EncoderModel
    private let request: OutputRequest
    private let team: ThreadTeam
    /// A workspace for each thread.
    private let workspaces: [Workspace]
    private let failure = Mutex<EncoderError?>(nil)

    init(_ model: EncoderModel, request: OutputRequest, threads: Int) {
        self.model = model
        self.request = request
        team = ThreadTeam(startingThreads: threads, named: "bench")
        workspaces = (0..<threads).map { _ in model.makeWorkspace(threads: threads) }
    }

    deinit { team.dismiss() }

    /// A batch of random tokens.
    func batch(_ shape: BenchShape) -> BenchBatch {
        var random = RandomIDs(
            seed: UInt64(shape.texts) << 32 | UInt64(shape.length),
            vocabularySize: model.configuration.vocabularySize
        )
        let texts = (0..<shape.texts).map { _ in (0..<shape.length).map { _ in random.next() } }
        return BenchBatch(texts, request: request, threads: team.count)
    }

    /// The batches of texts in their order, `count` texts each.
    func batches(of texts: [[Int32]], count: Int) -> [BenchBatch] {
        stride(from: 0, to: texts.count, by: count).map { start in
            let part = Array(texts[start..<min(start + count, texts.count)])
            return BenchBatch(part, request: request, threads: team.count)
        }
    }

    /// The median of the seconds for all batches, one after the other.
    func seconds(for batches: [BenchBatch], _ repetition: Repetition) throws -> Double {
        // The largest batch makes the workspaces as large as they will be, and a few more batches warm up the caches.
        if let largest = batches.max(by: { $0.tokens < $1.tokens }) { try run([largest] + batches.prefix(3)) }
        return try repetition.median { try run(batches) }
    }

    private func run(_ batches: [BenchBatch]) throws {
        for batch in batches { run(batch) }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func run(_ batch: BenchBatch) {
        switch batch.plan {
        case .together(let whole): run(whole, workspaces[0], team)
        case .apart(let parts): team.run { self.run(parts[$0], self.workspaces[$0], ThreadTeam()) }
        }
    }

    private func run(_ batch: Batch<OutputRequest>, _ workspace: Workspace, _ team: ThreadTeam) {
        for case .failure(let error) in model.run(batch, workspace: workspace, team: team) {
            failure.withLock { $0 = error }
        }
    }
}
