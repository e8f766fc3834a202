import CLinux
import Foundation
import Synchronization

/// Queues rows and runs them in batches on worker threads that it owns.
///
/// A batch is formed at the moment a worker is free, from what waits then: an idle machine answers a single row at
/// once, a busy one finds more rows each time it looks. Nothing waits for company. Where there is less work than
/// workers, a batch borrows the idle ones: they are members of its team until it is done, and look at the queue again
/// then. What is decided, `Schedule` decides. The lock guards it, the list of idle workers and who is lent to whom; it
/// is never held while a batch runs or an answer is delivered.
package final class BatchScheduler<Engine: BatchEngine>: Sendable {
    /// What to compute for a row.
    package typealias Task = Engine.Worker.Task
    /// What a row comes to.
    package typealias Output = Engine.Worker.Output

    typealias Continuation = CheckedContinuation<SubmissionResult<Output>, any Error>

    struct Membership {
        let crew: Crew
        let number: Int
    }

    /// A batch that a worker runs, with the workers that help it.
    struct Running {
        let batch: UInt64
        let members: [Int]
        /// For how long the watchdog has seen it; nil before its first look.
        var watched: Duration?
    }

    struct State {
        var schedule: Schedule<Task, Output>
        /// Who waits for a request's answer.
        var continuations: [UInt64: Continuation] = [:]
        /// Workers that wait in their seats for work.
        var idle: [Int] = []
        /// What each worker is lent to, from the moment it is borrowed until it is given back.
        var membership: [Membership?]
        var lentWorkers = 0
        /// What each busy worker does.
        var running: [Int: Running] = [:]
        var liveWorkers: Int
        /// How many seats have been taken; the others are for replacements.
        var usedSeats: Int
        /// Workers that the watchdog has given up, though their threads may come back some day.
        var givenUp: Set<Int> = []
        var replacedWorkers = 0
        var lostWorkers = 0
        var succeededBatches = 0
        var failuresInARow = 0
        var whenStopped: [CheckedContinuation<Void, Never>] = []
        var lastSuccess: ContinuousClock.Instant?
    }

    /// An answer with who waits for it, to be delivered once the lock is released.
    struct Delivery {
        let continuation: Continuation
        let result: Result<SubmissionResult<Output>, any Error>
    }

    let engine: Engine
    let padTokenID: Int32
    let onBatch: @Sendable (BatchReport) -> Void
    let seats: [Seat]
    let state: Mutex<State>
    private let nextRequest = Atomic<UInt64>(0)
    private let alarm = Mutex<Alarm?>(nil)

    /// Starts the workers.
    /// - Parameters:
    ///   - workers: threads that run batches, at least 1; one for each CPU the process may use.
    ///   - maxReplacements: how many workers that do not come back are replaced.
    ///   - padTokenID: the id that fills up shorter rows.
    ///   - onBatch: told of every batch, on the worker's thread.
    package init(
        engine: Engine,
        workers: Int,
        maxReplacements: Int = 0,
        policy: BatchPolicy = BatchPolicy(),
        padTokenID: Int32,
        onBatch: @escaping @Sendable (BatchReport) -> Void = { _ in }
    ) {
        precondition(workers > 0, "at least one worker")
        self.engine = engine
        self.padTokenID = padTokenID
        self.onBatch = onBatch
        self.seats = (0..<workers + maxReplacements).map { _ in Seat() }
        self.state = Mutex(
            State(
                schedule: Schedule(policy: policy, workers: workers) { engine.bytes(of: $0) },
                membership: Array(repeating: nil, count: seats.count),
                liveWorkers: workers,
                usedSeats: workers
            )
        )
        for index in 0..<workers { startWorker(index) }
        let alarm = Alarm(name: "deadlines") { [weak self] in
            self?.change { $0.schedule.expire(at: $1) }
            return self?.state.withLock { $0.schedule.timeouts.next }
        }
        self.alarm.withLock { $0 = alarm }
    }

    func startWorker(_ index: Int) {
        let thread = Thread {
            unsafe clinux_name_thread("engine-\(index)")
            self.work(index)
        }
        thread.stackSize = Self.workerStackBytes
        thread.start()
    }

    /// Stack of a worker thread. BLAS keeps its packing buffers on the heap; this is the common default of threads.
    private static var workerStackBytes: Int { 8 << 20 }

    /// Runs rows and returns when all are done. They may run in one batch or in several, beside others' rows; equal
    /// rows in flight are computed once.
    ///
    /// When the calling task is cancelled, what has not started is dropped and the call throws `CancellationError`.
    /// - Parameters:
    ///   - priority: which queue they wait in.
    ///   - deadline: what has not started by then is dropped, and the call throws.
    /// - Throws: `SchedulerError` when the rows are not taken in, all or none, or not computed in time.
    package func run(
        _ rows: [BatchRow<Task>],
        priority: Priority = .high,
        deadline: ContinuousClock.Instant? = nil
    ) async throws -> SubmissionResult<Output> {
        guard !rows.isEmpty else {
            return SubmissionResult(rows: [], queueTime: .zero, computeTime: .zero)
        }
        let number = nextRequest.add(1, ordering: .relaxed).oldValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                change { state, now in
                    state.continuations[number] = continuation
                    state.schedule.submit(rows, as: number, priority: priority, deadline: deadline, at: now)
                    // A cancellation that has been is seen here, one to come finds the request.
                    if _Concurrency.Task.isCancelled { state.schedule.cancel(number, at: now) }
                }
            }
        } onCancel: {
            change { $0.schedule.cancel(number, at: $1) }
        }
    }

    /// Why a request that brings the least there is would be refused now; nil when it would not. Counts as a refusal.
    /// Asked before a request's text is looked at, it keeps an overloaded machine from work that is in vain.
    package func refusal(priority: Priority, deadline: ContinuousClock.Instant?) -> SchedulerError? {
        state.withLock { state in
            let demand = Demand(priority: priority, deadline: deadline)
            guard case .refuse(let reason, let retryAfter) = state.schedule.verdict(on: demand, at: .now) else {
                return nil
            }
            return state.schedule.refusal(reason, priority, retryAfter)
        }
    }

    /// What it is doing now and has done since it started.
    package var statistics: SchedulerStatistics {
        let now = ContinuousClock.now
        return state.withLock { state in
            var statistics = state.schedule.statistics(at: now)
            statistics.busyWorkers += state.lentWorkers
            statistics.idleWorkers = state.idle.count
            statistics.succeededBatches = state.succeededBatches
            statistics.failuresInARow = state.failuresInARow
            statistics.liveWorkers = state.liveWorkers
            statistics.replacedWorkers = state.replacedWorkers
            statistics.lostWorkers = state.lostWorkers
            statistics.sinceLastSuccess = state.lastSuccess.map { $0.duration(to: now) }
            return statistics
        }
    }

    /// Takes in nothing more and returns when the workers have ended.
    /// - Parameter finishingQueue: whether what waits is still computed; else it is answered with
    ///   `SchedulerError.stopping`.
    package func shutDown(finishingQueue: Bool) async {
        change { state, _ in state.schedule.stop(finishing: finishingQueue) }
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for worker in idle { seats[worker].call() }
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state in
                if state.liveWorkers > 0 { state.whenStopped.append(continuation) }
                return state.liveWorkers == 0
            }
            if ended { continuation.resume() }
        }
        alarm.withLock { $0?.stop() }
    }

    /// Changes the state, sees that what is to be done is done by somebody, and delivers what there is to answer.
    func change(_ body: (inout State, ContinuousClock.Instant) -> Void) {
        let (deliveries, called, roused, next) = state.withLock { state in
            body(&state, .now)
            let next = state.schedule.timeouts.next
            let deliveries = state.takeDeliveries()
            guard !state.schedule.queue.isEmpty, let first = state.idle.popLast() else {
                return (deliveries, Int?.none, [Int](), next)
            }
            // They stay idle until the first has seen what there is to share, but they wake up meanwhile.
            let helpers = engine.teamSize(tokens: state.schedule.queue.tokenCount) - 1
            return (deliveries, first, Array(state.idle.suffix(max(0, helpers))), next)
        }
        if let called { seats[called].call() }
        for worker in roused { seats[worker].rouse() }
        deliver(deliveries)
        alarm.withLock { $0 }?.set(next)
    }

    func deliver(_ deliveries: [Delivery]) {
        for delivery in deliveries { delivery.continuation.resume(with: delivery.result) }
    }
}

extension BatchScheduler.State {
    /// The answers there are, with who waits for them.
    mutating func takeDeliveries() -> [BatchScheduler.Delivery] {
        defer { schedule.answers = [] }
        return schedule.answers.compactMap { answer in
            continuations.removeValue(forKey: answer.request).map {
                BatchScheduler.Delivery(continuation: $0, result: answer.result)
            }
        }
    }
}
