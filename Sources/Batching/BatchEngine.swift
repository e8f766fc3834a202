package import Compute

/// Computes the scheduler's batches. One engine makes the workers; they share its read-only weights.
package protocol BatchEngine: Sendable {
    associatedtype Worker: BatchWorker

    /// A worker with scratch memory of its own. Called once on each worker's thread.
    func makeWorker() -> Worker

    /// The most threads that a batch of this many tokens should be divided among; 1 means its worker's thread alone.
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
    /// - Parameter team: the threads for this batch, the calling one included; the worker may use them until the call
    ///   returns.
    /// - Returns: one result for each sequence, in order; a sequence may fail alone.
    /// - Throws: if no sequence of the batch could be computed; every sequence then gets that error.
    func run(_ batch: Batch<Task>, team: ThreadTeam) throws -> [Result<Output, any Error>]
}

/// One batch that a worker has computed.
package struct BatchReport: Sendable {
    /// The number of the batch's sequences.
    package let sequences: Int
    /// The number of its tokens, padding not counted.
    package let tokens: Int
    /// The number of its positions that are padding.
    package let padding: Int
    /// The time from the moment a worker took the batch until the batch was computed.
    package let duration: Duration
    /// How long each sequence waited in the queue, in order.
    package let queueTimes: [Duration]
    /// Whether the batch failed as a whole.
    package let failed: Bool

    /// A report with the given figures.
    package init(sequences: Int, tokens: Int, padding: Int, duration: Duration, queueTimes: [Duration], failed: Bool) {
        self.sequences = sequences
        self.tokens = tokens
        self.padding = padding
        self.duration = duration
        self.queueTimes = queueTimes
        self.failed = failed
    }
}
