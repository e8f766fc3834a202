import Batching
import Dispatch
import HTTPProtocol
import HTTPServer
import Inference
import Logging
import Synchronization

/// An engine that can be watched: the service's, or a test's.
protocol WatchedEngine: Sendable {
    var statistics: SchedulerStatistics { get }
    /// Computes the shortest possible input.
    func warmUp() async throws
    func giveUpStuckWorkers(after limit: Duration, elapsed: Duration) -> Int
}

extension InferenceService: WatchedEngine {}

/// Watches whether the engine answers, so that health checks need not queue behind batches to find out. It also gives
/// up workers that are stuck.
///
/// While there is traffic, every finished batch shows that the engine answers. If no batch has finished for a while, or
/// batches fail, the watch runs a probe with one short text. The lock guards all mutable state.
final class EngineWatch: Sendable {
    /// The interval between two looks, unless the limit is so short that looks must be more frequent.
    private static let longestInterval = Duration.seconds(1)
    /// The interval between probes. Without traffic, a broken engine is noticed after this time.
    private static let probeInterval = Duration.seconds(4)

    private struct State {
        var health: EngineHealth
        var lastLook = ContinuousClock.now
        var wasAnswering = true
        var isProbing = false
        var timer: (any DispatchSourceTimer)?
    }

    private let engine: any WatchedEngine
    private let limit: Duration
    private let interval: Duration
    private let logger: Logger
    /// Runs the probes. The requests' own executor may be busy.
    private let executor = RequestWorkExecutor(width: 1)
    private let state: Mutex<State>

    /// - Parameter limit: how long a batch may take, and how long work may wait without a batch being finished.
    init(_ engine: any WatchedEngine, limit: Duration, logger: Logger) {
        self.engine = engine
        self.limit = limit
        self.interval = min(Self.longestInterval, limit / 8)
        self.logger = logger
        state = Mutex(State(health: EngineHealth(limit: limit, probeInterval: Self.probeInterval)))
        // The timer has its own queue, which has a thread even if all threads of the global queues are blocked.
        state.withLock { state in
            let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "swiftlet.watch"))
            let nanoseconds = DispatchTimeInterval.nanoseconds(Int(interval.seconds * 1e9))
            timer.schedule(deadline: .now() + nanoseconds, repeating: nanoseconds)
            timer.setEventHandler { [weak self] in self?.look() }
            timer.activate()
            state.timer = timer
        }
    }

    deinit {
        state.withLock { $0.timer?.cancel() }
    }

    /// The engine's health as it is known now.
    var health: EngineHealth { state.withLock { $0.health } }

    private func look() {
        let now = ContinuousClock.now
        let elapsed = state.withLock { state in
            defer { state.lastLook = now }
            return min(state.lastLook.duration(to: now), interval * 2)
        }
        let givenUp = engine.giveUpStuckWorkers(after: limit, elapsed: elapsed)
        let statistics = engine.statistics
        let (startsProbe, change) = state.withLock { state in
            let isDue = state.health.look(statistics, after: elapsed) && !state.isProbing
            if isDue { state.isProbing = true }
            let isAnswering = state.health.isAnswering
            defer { state.wasAnswering = isAnswering }
            return (isDue, isAnswering == state.wasAnswering ? nil : state.health)
        }
        if givenUp > 0 {
            logger.error(
                "engine workers given up, because a batch did not end",
                metadata: [
                    "workers": "\(givenUp)", "limit": "\(limit)", "replaced_so_far": "\(statistics.replacedWorkers)",
                    "lost": "\(statistics.lostWorkers)",
                ]
            )
        }
        if let change { tell(change) }
        if startsProbe { probe() }
    }

    private func tell(_ health: EngineHealth) {
        if health.isAnswering {
            logger.notice("the engine answers again")
        } else {
            logger.error("the engine does not answer", metadata: ["reason": "\(health.complaint)"])
        }
    }

    private func probe() {
        Task(executorPreference: executor) { [weak self, engine] in
            var failure: String?
            do {
                try await engine.warmUp()
            } catch SchedulerError.overloaded, SchedulerError.stopping {
                // This error says nothing about the engine, and the next look comes soon.
            } catch {
                failure = "\(error)"
            }
            self?.state.withLock { state in
                state.isProbing = false
                if let failure { state.health.probeFailed(failure) }
            }
        }
    }
}

/// The engine's health, concluded from a look at its statistics from time to time. It is a value without clock or
/// threads.
///
/// Time is the sum of the intervals between looks. If an interval was much longer than planned, only little more than
/// the planned length counts: the process was stopped, and so the engine could not work either.
struct EngineHealth: Sendable {
    /// The longest time in which the engine may finish no batch while it has work.
    let limit: Duration
    /// After this time without a finished batch, with or without work, a probe is due.
    let probeInterval: Duration
    /// After this many times the limit without an answer, the service asks for a restart.
    static let restartFactor = 4

    /// The time with work and without a finished batch.
    private(set) var silence = Duration.zero
    /// The time without a finished batch.
    private var sinceSuccess = Duration.zero
    /// The time without an answering engine.
    private var unwell = Duration.zero
    private var succeededBatches = 0
    private var liveWorkers = 1
    private(set) var lostWorkers = 0
    /// The error of the last probe, if nothing has succeeded since.
    private(set) var probeFailure: String?

    /// - Parameter probeInterval: is reduced to half the limit if it is longer, so that silence is noticed in time.
    init(limit: Duration, probeInterval: Duration) {
        self.limit = limit
        self.probeInterval = min(probeInterval, limit / 2)
    }

    /// Whether the engine computes, as far as is known.
    var isAnswering: Bool { liveWorkers > 0 && silence < limit && probeFailure == nil }

    /// Whether only a restart can make the engine compute again, with all its workers.
    var isRestartNeeded: Bool { lostWorkers > 0 || unwell >= limit * Self.restartFactor }

    /// Records one look.
    /// - Returns: whether a probe is due.
    mutating func look(_ statistics: SchedulerStatistics, after elapsed: Duration) -> Bool {
        let hasSucceeded = statistics.succeededBatches != succeededBatches
        succeededBatches = statistics.succeededBatches
        liveWorkers = statistics.liveWorkers
        lostWorkers = statistics.lostWorkers
        let hasWork = statistics.waitingSequences > 0 || statistics.busyWorkers > 0
        silence = hasSucceeded || !hasWork ? .zero : silence + elapsed
        sinceSuccess = hasSucceeded ? .zero : sinceSuccess + elapsed
        if hasSucceeded { probeFailure = nil }
        unwell = isAnswering ? .zero : unwell + elapsed
        return sinceSuccess >= probeInterval || statistics.failuresInARow > 0
    }

    /// Records that a probe failed.
    mutating func probeFailed(_ reason: String) {
        probeFailure = reason
    }

    /// The reason why the engine does not answer.
    var complaint: String {
        if liveWorkers == 0 { return "no engine worker is left" }
        if let probeFailure { return "the engine fails: \(probeFailure)" }
        return "the engine has finished no batch for \(limit), although work waits"
    }
}
