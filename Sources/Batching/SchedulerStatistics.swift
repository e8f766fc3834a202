/// What the scheduler is doing now and has done since it started.
package struct SchedulerStatistics: Sendable, Equatable {
    /// Rows in the queue.
    package var waitingRows = 0
    /// Tokens of those rows.
    package var waitingTokens = 0
    /// Rows of large requests that have been taken in and are not in the queue yet.
    package var reservedRows = 0
    /// Requests that wait to be taken in.
    package var requestsInLine = 0
    /// Since the oldest request came that has rows which wait; zero when none has.
    package var oldestWait: Duration = .zero
    /// Workers that run a batch now, or help with another's.
    package var busyWorkers = 0
    /// Workers that wait for work.
    package var idleWorkers = 0
    /// How long the oldest batch that runs now has been running; zero when none does.
    package var oldestBatchAge: Duration = .zero
    /// Since a worker last finished a batch without failing as a whole; nil before the first.
    package var sinceLastSuccess: Duration?

    /// Requests that were not taken in, by reason.
    package var refusedRequests: [RefusalReason: Int] = [:]
    /// Requests whose time was up before their last row was computed.
    package var expiredRequests = 0
    /// Rows of those that were dropped before compute.
    package var expiredRows = 0
    /// Rows that were dropped before compute because their client had gone.
    package var cancelledRows = 0
    /// Rows that shared the computation of an equal row in flight.
    package var sharedRows = 0
    /// Batches that failed as a whole.
    package var failedBatches = 0
    /// Batches that did not.
    package var succeededBatches = 0
    /// Batches that failed as a whole since one did not.
    package var failuresInARow = 0
    /// Workers that there are, those that run a batch too long for the watchdog not counted.
    package var liveWorkers = 0
    /// Workers that were replaced, because they did not come back or failed time after time.
    package var replacedWorkers = 0
    /// Workers that did not come back and were not replaced any more.
    package var lostWorkers = 0
    /// What the cache of results holds and has done.
    package var cache = CacheStatistics()

    /// Tokens that are put together in one batch now, for it to take no longer than it should.
    package var batchTokenBudget = 0
    /// Measured seconds of one worker for a token, in batches as they have been of late.
    package var secondsPerToken = 0.0
    /// Measured seconds of one worker for a batch, beside those for its tokens.
    package var secondsPerBatch = 0.0
    /// How long a short request of high priority would wait now.
    package var estimatedWait: Duration = .zero

    /// Nothing yet.
    package init() {}

    /// What a cache holds and has done.
    package struct CacheStatistics: Sendable, Equatable {
        /// Rows that were answered from it.
        package var hits = 0
        /// Rows that were not in it.
        package var misses = 0
        /// Results that made way for others.
        package var evictions = 0
        /// Results that it holds.
        package var entries = 0
        /// What they take.
        package var bytes = 0
    }
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
