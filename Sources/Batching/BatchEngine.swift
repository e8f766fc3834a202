/// What the scheduler runs batches on. One engine makes the workers; they share its read-only weights.
package protocol BatchEngine: Sendable {
    associatedtype Worker: BatchWorker

    /// A worker with scratch memory of its own. Called once on each worker's thread.
    func makeWorker() -> Worker

    /// How many threads at most a batch of so many tokens is worth being split over; 1 for none but its worker's.
    /// Called under the scheduler's lock: it must be quick.
    func teamSize(tokens: Int) -> Int

    /// The memory that a result takes in the cache of results. Called under the scheduler's lock.
    func bytes(of output: Worker.Output) -> Int
}

/// Runs batches on one thread, or on a team that it is given; never called by two threads at once.
package protocol BatchWorker: AnyObject {
    associatedtype Task: Sendable & Hashable
    associatedtype Output: Sendable

    /// Computes a batch.
    /// - Parameter team: the threads there are for it, this one included; theirs until the call returns.
    /// - Returns: one result for each row, in row order; a row may fail alone.
    /// - Throws: when nothing of the batch could be computed; every row then gets that error.
    func run(_ batch: Batch<Task>, team: BatchTeam) throws -> [Result<Output, any Error>]
}
