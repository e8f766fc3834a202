/// What the scheduler runs batches on. One engine makes the workers; they share its read-only weights.
package protocol BatchEngine: Sendable {
    associatedtype Worker: BatchWorker

    /// A worker with scratch memory of its own. Called once on each worker's thread.
    func makeWorker() -> Worker
}

/// Runs batches on one thread; never shared between threads.
package protocol BatchWorker: AnyObject {
    associatedtype Task: Sendable
    associatedtype Output: Sendable

    /// Computes a batch.
    /// - Returns: one result for each row, in row order; a row may fail alone.
    /// - Throws: when nothing of the batch could be computed; every row then gets that error.
    func run(_ batch: Batch<Task>) throws -> [Result<Output, any Error>]
}
