import Batching
import Dispatch
import HTTPServer
import Logging
import Synchronization

/// What can be watched: the service's engine, or a test's.
protocol WatchedEngine: Sendable {
    var statistics: SchedulerStatistics { get }
    /// Computes the shortest input there is.
    func warmUp() async throws
    func giveUpStuckWorkers(after limit: Duration, elapsed: Duration) -> Int
}

extension InferenceService: WatchedEngine {
    func giveUpStuckWorkers(after limit: Duration, elapsed: Duration) -> Int {
        scheduler.giveUpStuckWorkers(after: limit, elapsed: elapsed)
    }
}

/// Knows whether the engine answers, without asking it when asked: health checks must not queue behind batches. Gives
/// up workers that do not come back.
///
/// While there is traffic, every finished batch is the proof. When none has finished for a while, or batches fail, a
/// probe of one short text is run. All that changes is in the lock.
final class EngineWatch: Sendable {
    /// How often it is looked, unless the limit is so short that it has to be more often.
    private static let longestInterval = Duration.seconds(1)
    /// With no traffic, an engine that has broken is noticed so soon.
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
    /// For probes: not the requests' own, which may be busy.
    private let executor = RequestWorkExecutor(width: 1)
    private let state: Mutex<State>

    /// - Parameter limit: how long a batch may take, and work wait without one being finished.
    init(_ engine: any WatchedEngine, limit: Duration, logger: Logger) {
        self.engine = engine
        self.limit = limit
        self.interval = min(Self.longestInterval, limit / 8)
        self.logger = logger
        state = Mutex(State(health: EngineHealth(limit: limit, probeInterval: Self.probeInterval)))
        // A queue of its own: its thread is there when all of the global queues' are blocked.
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

    /// What is known now.
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
                // It says nothing of the engine; the next look is soon.
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
