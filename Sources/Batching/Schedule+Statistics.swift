/// What /metrics shows of it.
extension Schedule {
    /// Its part of the statistics; the workers' are their owner's.
    func statistics(at now: Instant) -> SchedulerStatistics {
        var statistics = counts
        statistics.waitingRows = queue.rowCount
        statistics.waitingTokens = queue.tokenCount
        statistics.requestsInLine = lines.reduce(0) { $0 + $1.count }
        statistics.busyWorkers = running.count
        statistics.oldestBatchAge = running.values.map(\.started).min().map { $0.duration(to: now) } ?? .zero
        var oldest = now
        for request in requests.values {
            if request.isTakenIn { statistics.reservedRows += request.rows.count - request.nextRow }
            if !request.isTakenIn || request.waitingRows > 0 { oldest = min(oldest, request.submitted) }
        }
        statistics.oldestWait = oldest.duration(to: now)
        statistics.cache.hits = cache.hits
        statistics.cache.misses = cache.misses
        statistics.cache.evictions = cache.evictions
        statistics.cache.entries = cache.count
        statistics.cache.bytes = cache.bytes
        statistics.batchTokenBudget = batchTokenBudget
        statistics.secondsPerToken = cost.secondsPerToken
        statistics.secondsPerBatch = cost.secondsPerBatch
        statistics.estimatedWait = estimatedWait(of: 1, .high, at: now)
        return statistics
    }
}
