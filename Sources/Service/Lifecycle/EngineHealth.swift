import Batching

/// What is known of the engine from looking at it from time to time. A value without clock or threads.
///
/// Time is that between looks, and a look counts for little more than the interval that was planned: while the process
/// itself was stopped the engine could not work either.
struct EngineHealth: Sendable {
    /// With work to do, it may finish no batch for so long.
    let limit: Duration
    /// Nothing having been finished for so long, whether there was work or not, a probe is due.
    let probeInterval: Duration
    /// After so many times the limit without an answer only a restart is left to try.
    static let restartFactor = 4

    /// With work and without a batch finished.
    private(set) var silence = Duration.zero
    /// Without a batch finished.
    private var sinceSuccess = Duration.zero
    /// Without being well.
    private var unwell = Duration.zero
    private var succeededBatches = 0
    private var liveWorkers = 1
    private(set) var lostWorkers = 0
    /// What the last probe failed with, if nothing has succeeded since.
    private(set) var probeFailure: String?

    /// - Parameter probeInterval: at most half the limit is taken, so that silence is noticed in time.
    init(limit: Duration, probeInterval: Duration) {
        self.limit = limit
        self.probeInterval = min(probeInterval, limit / 2)
    }

    /// Whether the engine computes, as far as is known.
    var isAnswering: Bool { liveWorkers > 0 && silence < limit && probeFailure == nil }

    /// Whether it may come to compute again without a restart, and with all its workers.
    var isRestartNeeded: Bool { lostWorkers > 0 || unwell >= limit * Self.restartFactor }

    /// Notes what is seen now.
    /// - Returns: whether a probe is due.
    mutating func look(_ statistics: SchedulerStatistics, after elapsed: Duration) -> Bool {
        let hasSucceeded = statistics.succeededBatches != succeededBatches
        succeededBatches = statistics.succeededBatches
        liveWorkers = statistics.liveWorkers
        lostWorkers = statistics.lostWorkers
        let hasWork = statistics.waitingRows > 0 || statistics.busyWorkers > 0
        silence = hasSucceeded || !hasWork ? .zero : silence + elapsed
        sinceSuccess = hasSucceeded ? .zero : sinceSuccess + elapsed
        if hasSucceeded { probeFailure = nil }
        unwell = isAnswering ? .zero : unwell + elapsed
        return sinceSuccess >= probeInterval || statistics.failuresInARow > 0
    }

    /// Notes that a probe came to nothing.
    mutating func probeFailed(_ reason: String) {
        probeFailure = reason
    }

    /// Why it is not answering.
    var complaint: String {
        if liveWorkers == 0 { return "no engine worker is left" }
        if let probeFailure { return "the engine fails: \(probeFailure)" }
        return "the engine has finished no batch for \(limit), although work waits"
    }
}
