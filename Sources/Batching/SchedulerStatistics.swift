import Time

/// The state of the scheduler now and its counts since it started.
package struct SchedulerStatistics: Sendable, Equatable {
    /// The number of sequences in the queue.
    package var waitingSequences = 0
    /// The number of tokens in the queue.
    package var waitingTokens = 0
    /// The number of sequences of large requests that were admitted and have not entered the queue yet.
    package var reservedSequences = 0
    /// The number of requests that wait for admission.
    package var requestsInLine = 0
    /// How long the oldest request with waiting sequences has waited; zero if there is none.
    package var oldestWait: Duration = .zero
    /// The number of workers that run a batch now, or help with another worker's.
    package var busyWorkers = 0
    /// How long the oldest running batch has been running; zero when none runs.
    package var oldestBatchAge: Duration = .zero

    /// Requests that were refused, by reason.
    package var refusedRequests: [RefusalReason: Int] = [:]
    /// Requests whose deadline came before their last sequence was computed.
    package var expiredRequests = 0
    /// Sequences of expired requests that were never computed.
    package var expiredSequences = 0
    /// Sequences that were never computed because their client had disconnected.
    package var cancelledSequences = 0
    /// Sequences that shared the computation of an equal sequence in flight.
    package var sharedSequences = 0
    /// Batches that failed as a whole.
    package var failedBatches = 0
    /// Batches that did not fail as a whole.
    package var succeededBatches = 0
    /// Batches that failed as a whole since the last one that did not.
    package var failuresInARow = 0
    /// The number of workers, without those that the watchdog has given up.
    package var liveWorkers = 0
    /// Workers that were replaced, because a batch did not end or several batches in a row failed.
    package var replacedWorkers = 0
    /// Workers whose batch did not end and that could not be replaced.
    package var lostWorkers = 0
    /// The state and the counts of the cache of results.
    package var cache = CacheStatistics()

    /// The most tokens that one batch may have now, so that it stays within `BatchPolicy.batchLatencyTarget`.
    package var batchTokenBudget = 0
    /// Measured seconds of one worker for a token, in recent batches.
    package var secondsPerToken = 0.0
    /// How long a short request of high priority would wait now.
    package var estimatedWait: Duration = .zero

    /// The statistics of a scheduler that has done nothing yet.
    package init() {}

    /// The state and the counts of a cache.
    package struct CacheStatistics: Sendable, Equatable {
        /// Sequences that were answered from the cache.
        package var hits = 0
        /// Sequences that were not in the cache.
        package var misses = 0
        /// Results that were removed to make space for others.
        package var evictions = 0
        /// The number of results in the cache.
        package var entries = 0
        /// The memory that the kept results take.
        package var bytes = 0
    }
}

extension Schedule {
    /// The schedule's part of the statistics; `BatchScheduler` adds the workers' part.
    func statistics(at now: Instant) -> SchedulerStatistics {
        var statistics = counts
        statistics.waitingSequences = queue.sequenceCount
        statistics.waitingTokens = queue.tokenCount
        statistics.requestsInLine = lines.reduce(0) { $0 + $1.count }
        statistics.busyWorkers = running.count
        statistics.oldestBatchAge = running.values.map(\.started).min().map { $0.duration(to: now) } ?? .zero
        var oldest = now
        for request in requests.values {
            if request.isAdmitted { statistics.reservedSequences += request.sequences.count - request.nextSequence }
            if !request.isAdmitted || request.waitingSequences > 0 { oldest = min(oldest, request.submitted) }
        }
        statistics.oldestWait = oldest.duration(to: now)
        statistics.cache.hits = cache.hits
        statistics.cache.misses = cache.misses
        statistics.cache.evictions = cache.evictions
        statistics.cache.entries = cache.count
        statistics.cache.bytes = cache.bytes
        statistics.batchTokenBudget = batchTokenBudget
        statistics.secondsPerToken = cost.secondsPerToken
        statistics.estimatedWait = estimatedWait(of: 1, .high, at: now)
        return statistics
    }
}
