import Encoder
import Synchronization

/// Measures the forward pass: rows of each batch are shared out over threads, each with a workspace of its own.
final class ForwardBench: Sendable {
    private let model: MobileBertModel
    private let request: OutputRequest
    private let team: ThreadTeam
    private let workers: [Worker]
    private let failure = Mutex<(any Error)?>(nil)

    /// A thread's workspace; the lock is only there because a reference to it crosses threads, nobody waits for it.
    private final class Worker: Sendable {
        let workspace: Mutex<Workspace>
        init(_ model: MobileBertModel) { workspace = Mutex(model.makeWorkspace()) }
    }

    init(_ model: MobileBertModel, request: OutputRequest, threads: Int) {
        self.model = model
        self.request = request
        team = ThreadTeam(count: threads)
        workers = (0..<threads).map { _ in Worker(model) }
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
        team.run { member in
            let part = batch.parts[member]
            guard part.rows > 0 else { return }
            do {
                let requests = Array(repeating: self.request, count: part.rows)
                let results = try self.workers[member].workspace.withLock { workspace in
                    try self.model.run(part, requests: requests, workspace: &workspace)
                }
                for case .failure(let error) in results { throw error }
            } catch {
                self.failure.withLock { $0 = error }
            }
        }
    }
}
