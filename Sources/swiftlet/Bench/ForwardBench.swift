import Encoder
import Synchronization

/// Measures the forward pass, on threads with a workspace each.
final class ForwardBench: Sendable {
    private let model: EncoderModel
    private let request: OutputRequest
    private let team: ThreadTeam
    /// Each thread's own.
    private let workspaces: [Workspace]
    private let failure = Mutex<(any Error)?>(nil)

    init(_ model: EncoderModel, request: OutputRequest, threads: Int) {
        self.model = model
        self.request = request
        team = ThreadTeam(count: threads)
        workspaces = (0..<threads).map { _ in model.makeWorkspace(members: threads) }
    }

    /// A batch of random tokens.
    func batch(_ shape: BenchShape) -> BenchBatch {
        var random = RandomIDs(
            seed: UInt64(shape.rows) << 32 | UInt64(shape.length),
            vocabularySize: model.configuration.vocabularySize
        )
        let texts = (0..<shape.rows).map { _ in (0..<shape.length).map { _ in random.next() } }
        return BenchBatch(texts, threads: team.count)
    }

    /// The batches of texts in their order, `rows` each.
    func batches(of texts: [[Int32]], rows: Int) -> [BenchBatch] {
        stride(from: 0, to: texts.count, by: rows).map { start in
            BenchBatch(Array(texts[start..<min(start + rows, texts.count)]), threads: team.count)
        }
    }

    /// The median of the seconds for all batches, one after the other.
    func seconds(for batches: [BenchBatch], _ repetition: Repetition) throws -> Double {
        // The largest batch makes the workspaces as large as they get, and a few more bring the caches to temperature.
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
        case .apart(let parts): team.run { self.run(parts[$0], self.workspaces[$0], SoloTeam()) }
        }
    }

    private func run(_ batch: EncoderBatch, _ workspace: Workspace, _ team: some Team) {
        do {
            let requests = Array(repeating: request, count: batch.rows)
            let results = try model.run(batch, requests: requests, workspace: workspace, team: team)
            for case .failure(let error) in results { throw error }
        } catch {
            failure.withLock { $0 = error }
        }
    }
}
