/// What the scheduler is doing now and has done since it started.
package struct SchedulerStatistics: Sendable, Equatable {
    /// Rows that wait for a worker.
    package var waitingRows = 0
    /// Tokens of those rows.
    package var waitingTokens = 0
    /// Workers that run a batch now, or help with another's.
    package var busyWorkers = 0
    /// Workers that wait for work.
    package var idleWorkers = 0
    /// How long the oldest batch that runs now has been running; zero when none does.
    package var oldestBatchAge: Duration = .zero
    /// Since a worker last finished a batch without failing as a whole; nil before the first.
    package var sinceLastSuccess: Duration?
    /// Submissions that did not fit the queue.
    package var refusedSubmissions = 0
    /// Rows that were dropped from the queue because nobody waited for them any more.
    package var cancelledRows = 0
    /// Batches that failed as a whole.
    package var failedBatches = 0

    /// Nothing yet.
    package init() {}
}

/// One batch that a worker is done with.
package struct BatchReport: Sendable {
    /// Its rows.
    package let rows: Int
    /// Tokens without padding.
    package let tokens: Int
    /// Padded positions beside them.
    package let padding: Int
    /// From being taken by the worker until computed.
    package let duration: Duration
    /// How long each row waited in the queue, in row order.
    package let queueTimes: [Duration]
    /// Whether the engine failed as a whole.
    package let failed: Bool

    /// A report of the given figures.
    package init(rows: Int, tokens: Int, padding: Int, duration: Duration, queueTimes: [Duration], failed: Bool) {
        self.rows = rows
        self.tokens = tokens
        self.padding = padding
        self.duration = duration
        self.queueTimes = queueTimes
        self.failed = failed
    }
}
