package import Compute
import Synchronization
package import Time

/// Queues sequences and runs them in batches on worker threads that it owns.
///
/// A batch is formed when a worker becomes free, from the sequences that wait at that moment. So an idle machine
/// answers a single sequence at once, and a busy one forms larger batches. No sequence waits for others to arrive. If
/// there is less work than workers, a batch borrows idle workers: they are in its team until it is done, and then look
/// at the queue again. `Schedule` makes all decisions. The lock guards the schedule, the list of idle workers and the
/// list of borrowed ones; the lock is never held while a batch runs or an answer is delivered.
package final class BatchScheduler<Engine: BatchEngine>: Sendable {
    /// The task of a sequence: what the engine computes for it.
    package typealias Task = Engine.Worker.Task
    /// The result of a sequence.
    package typealias Output = Engine.Worker.Output

    typealias Continuation = CheckedContinuation<SubmissionResult<Output>, any Error>

    /// The place of a borrowed worker in a team.
    struct Membership {
        let team: ThreadTeam
        let number: Int
    }

    /// A batch that a worker runs, with the workers that help.
    struct Running {
        let batch: UInt64
        let members: [Int]
        /// How long the watchdog has seen the batch; nil before its first look.
        var watched: Duration?
    }

    struct State {
        var schedule: Schedule<Task, Output>
        /// The callers that wait for a request's answer.
        var continuations: [UInt64: Continuation] = [:]
        /// Numbers of the workers that wait for work.
        var idle: [Int] = []
        /// The team that each worker is in, from the moment it is borrowed until it is given back.
        var membership: [Membership?]
        var lentWorkers = 0
        /// The batch of each busy worker.
        var running: [Int: Running] = [:]
        var liveWorkers: Int
        /// The number of seats used so far; the others are for replacements.
        var usedSeats: Int
        /// Workers that the watchdog has given up; their threads may still finish their batches later.
        var givenUp: Set<Int> = []
        var replacedWorkers = 0
        var lostWorkers = 0
        var succeededBatches = 0
        var failuresInARow = 0
        var whenStopped: [CheckedContinuation<Void, Never>] = []
    }

    /// An answer with the caller that waits for it, to be delivered once the lock is released.
    struct Delivery {
        let continuation: Continuation
        let result: Result<SubmissionResult<Output>, any Error>
    }

    let engine: Engine
    let padTokenID: Int32
    private let onStart: @Sendable () -> Void
    let onBatch: @Sendable (BatchReport) -> Void
    let seats: [Seat]
    let state: Mutex<State>
    private let nextRequest = Atomic<UInt64>(0)
    private let alarm = Mutex<Alarm?>(nil)

    /// Starts the workers.
    /// - Parameters:
    ///   - workers: threads that run batches, at least 1; one for each CPU the process may use.
    ///   - maxReplacements: how many workers whose batch does not end are replaced.
    ///   - padTokenID: the id that pads shorter sequences.
    ///   - onBatch: called after every batch, on the worker's thread.
    ///   - onStart: called on each worker's thread when it begins.
    package init(
        engine: Engine,
        workers: Int,
        maxReplacements: Int = 0,
        policy: BatchPolicy = BatchPolicy(),
        padTokenID: Int32,
        onBatch: @escaping @Sendable (BatchReport) -> Void = { _ in },
        onStart: @escaping @Sendable () -> Void = {}
    ) {
        precondition(workers > 0, "at least one worker")
        self.engine = engine
        self.padTokenID = padTokenID
        self.onStart = onStart
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
        startThread("engine-\(index)") {
            self.onStart()
            self.work(index)
        }
    }

    /// Runs sequences and returns when all are done. They may run in one batch or in several, beside sequences of other
    /// requests; equal sequences in flight are computed once.
    ///
    /// When the calling task is cancelled, sequences that have not started are dropped and the call throws
    /// `CancellationError`.
    /// - Parameters:
    ///   - priority: the queue that they wait in.
    ///   - deadline: sequences that have not started by then are dropped, and the call throws.
    /// - Throws: `SchedulerError` if the sequences are not admitted (all are, or none), or not computed in time.
    package func run(
        _ sequences: [InputSequence<Task>],
        priority: Priority = .high,
        deadline: Instant? = nil
    ) async throws -> SubmissionResult<Output> {
        guard !sequences.isEmpty else {
            return SubmissionResult(results: [], queueTime: .zero, computeTime: .zero)
        }
        let number = nextRequest.add(1, ordering: .relaxed).oldValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                change { state, now in
                    state.continuations[number] = continuation
                    state.schedule.submit(sequences, as: number, priority: priority, deadline: deadline, at: now)
                    // An earlier cancellation is seen here; a later one finds the request.
                    if _Concurrency.Task.isCancelled { state.schedule.cancel(number, at: now) }
                }
            }
        } onCancel: {
            change { $0.schedule.cancel(number, at: $1) }
        }
    }

    /// The error with which even the smallest request would be refused now; nil if it would be admitted. A returned
    /// error is counted as a refusal. The caller asks before it reads a request's text, so that an overloaded machine
    /// does no work in vain.
    /// - Parameters:
    ///   - requestsBefore: the requests that were asked about before and have not come yet.
    ///   - delay: the time until this one comes.
    package func refusal(
        priority: Priority,
        deadline: Instant?,
        requestsBefore: Int = 0,
        delay: Duration = .zero
    ) -> SchedulerError? {
        state.withLock { state in
            let verdict = state.schedule.verdictAhead(
                priority,
                deadline: deadline,
                requestsBefore: requestsBefore,
                delay: delay,
                at: .now
            )
            guard case .refuse(let reason, let retryAfter) = verdict else { return nil }
            return state.schedule.refusal(reason, priority, retryAfter)
        }
    }

    /// Whether what waits makes a full batch for each worker, together with requests that are on their way.
    package func hasFullBatches(requestsBefore: Int) -> Bool {
        state.withLock { $0.schedule.hasFullBatches(.high, requestsBefore: requestsBefore) }
    }

    /// The state now and the counts since the start.
    package var statistics: SchedulerStatistics {
        let now = Instant.now
        return state.withLock { state in
            var statistics = state.schedule.statistics(at: now)
            statistics.busyWorkers += state.lentWorkers
            statistics.succeededBatches = state.succeededBatches
            statistics.failuresInARow = state.failuresInARow
            statistics.liveWorkers = state.liveWorkers
            statistics.replacedWorkers = state.replacedWorkers
            statistics.lostWorkers = state.lostWorkers
            return statistics
        }
    }

    /// Refuses further requests, and returns when the workers have ended.
    /// - Parameter finishingQueue: whether waiting sequences are still computed; else their requests are answered with
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

    /// Changes the state, wakes the workers that the change has work for, and delivers the answers.
    func change(_ body: (inout State, Instant) -> Void) {
        let (deliveries, called, roused, next) = state.withLock { state in
            body(&state, .now)
            let next = state.schedule.timeouts.next
            let deliveries = state.takeDeliveries()
            guard !state.schedule.queue.isEmpty, let first = state.idle.popLast() else {
                return (deliveries, Int?.none, [Int](), next)
            }
            // The helpers stay idle until the first worker knows how much work there is to share. They are woken
            // already now.
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
    /// Takes the answers that are ready, with the callers that wait for them.
    mutating func takeDeliveries() -> [BatchScheduler.Delivery] {
        defer { schedule.answers = [] }
        return schedule.answers.compactMap { answer in
            continuations.removeValue(forKey: answer.request).map {
                BatchScheduler.Delivery(continuation: $0, result: answer.result)
            }
        }
    }
}
