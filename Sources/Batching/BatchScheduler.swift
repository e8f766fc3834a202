import Foundation
import Synchronization

/// Queues rows and runs them in batches on worker threads that it owns.
///
/// A batch is formed at the moment a worker is free, from what waits then: an idle machine answers a single row at
/// once, a busy one finds more rows each time it looks. Nothing waits for company. Where there is less work than
/// workers, a batch borrows the idle ones: they are members of its team until it is done, and look at the queue again
/// then. The lock guards the queue, the list of idle workers and who is lent to whom; it is never held while a batch
/// runs or an answer is delivered.
package final class BatchScheduler<Engine: BatchEngine>: Sendable {
    /// What to compute for a row.
    package typealias Task = Engine.Worker.Task
    /// What a row comes to.
    package typealias Output = Engine.Worker.Output

    private struct Waiting {
        let row: BatchRow<Task>
        let index: Int
        let submission: Submission<Output>
    }

    private struct Membership {
        let crew: Crew
        let number: Int
    }

    private struct State {
        var queue: WaitingQueue<Waiting>
        var nextSubmission: UInt64 = 0
        /// Workers that wait in their seats for work.
        var idle: [Int] = []
        /// What each worker is lent to, from the moment it is borrowed until it is given back.
        var membership: [Membership?]
        var lentWorkers = 0
        /// When each busy worker took its batch.
        var running: [Int: ContinuousClock.Instant] = [:]
        var liveWorkers: Int
        var isStopping = false
        var whenStopped: [CheckedContinuation<Void, Never>] = []
        var lastSuccess: ContinuousClock.Instant?
        var refusedSubmissions = 0
        var cancelledRows = 0
        var failedBatches = 0
    }

    private let engine: Engine
    private let padTokenID: Int32
    private let onBatch: @Sendable (BatchReport) -> Void
    private let seats: [Seat]
    private let state: Mutex<State>

    /// Starts the workers.
    /// - Parameters:
    ///   - workers: threads that run batches, at least 1; one for each CPU the process may use.
    ///   - padTokenID: the id that fills up shorter rows.
    ///   - onBatch: told of every batch, on the worker's thread.
    package init(
        engine: Engine,
        workers: Int,
        policy: BatchPolicy = BatchPolicy(),
        padTokenID: Int32,
        onBatch: @escaping @Sendable (BatchReport) -> Void = { _ in }
    ) {
        precondition(workers > 0, "at least one worker")
        self.engine = engine
        self.padTokenID = padTokenID
        self.onBatch = onBatch
        self.seats = (0..<workers).map { _ in Seat() }
        self.state = Mutex(
            State(
                queue: WaitingQueue(policy: policy),
                membership: Array(repeating: nil, count: workers),
                liveWorkers: workers
            )
        )
        for index in 0..<workers {
            let thread = Thread { self.work(index) }
            thread.name = "engine-\(index)"
            thread.stackSize = Self.workerStackBytes
            thread.start()
        }
    }

    /// Stack of a worker thread. BLAS keeps its packing buffers on the heap; this is the common default of threads.
    private static var workerStackBytes: Int { 8 << 20 }

    /// Runs rows and returns when all are done. They may run in one batch or in several, beside others' rows.
    ///
    /// When the calling task is cancelled, what has not started is dropped and the call throws `CancellationError`.
    /// - Throws: `SchedulerError` when the rows are not taken in, all or none.
    package func run(_ rows: [BatchRow<Task>]) async throws -> SubmissionResult<Output> {
        guard !rows.isEmpty else {
            return SubmissionResult(rows: [], queueTime: .zero, computeTime: .zero)
        }
        let submission = Submission<Output>(rowCount: rows.count)
        let number = try enqueue(rows, submission)
        return try await withTaskCancellationHandler {
            try await submission.answer()
        } onCancel: {
            state.withLock { state in
                state.cancelledRows += state.queue.remove(submission: number)
            }
            submission.fail(CancellationError())
        }
    }

    /// What it is doing now and has done since it started.
    package var statistics: SchedulerStatistics {
        let now = ContinuousClock.now
        return state.withLock { state in
            var statistics = SchedulerStatistics()
            statistics.waitingRows = state.queue.rowCount
            statistics.waitingTokens = state.queue.tokenCount
            statistics.busyWorkers = state.running.count + state.lentWorkers
            statistics.idleWorkers = state.idle.count
            statistics.oldestBatchAge = state.running.values.min().map { $0.duration(to: now) } ?? .zero
            statistics.sinceLastSuccess = state.lastSuccess.map { $0.duration(to: now) }
            statistics.refusedSubmissions = state.refusedSubmissions
            statistics.cancelledRows = state.cancelledRows
            statistics.failedBatches = state.failedBatches
            return statistics
        }
    }

    /// Takes in nothing more and returns when the workers have ended.
    /// - Parameter finishingQueue: whether what waits is still computed; else it is answered with
    ///   `SchedulerError.stopping`.
    package func shutDown(finishingQueue: Bool) async {
        let (abandoned, idle) = state.withLock { state in
            state.isStopping = true
            let abandoned = finishingQueue ? [] : state.queue.removeAll()
            defer { state.idle = [] }
            return (abandoned, state.idle)
        }
        for entry in abandoned { entry.payload.submission.fail(SchedulerError.stopping) }
        for worker in idle { seats[worker].call() }
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state in
                if state.liveWorkers > 0 { state.whenStopped.append(continuation) }
                return state.liveWorkers == 0
            }
            if ended { continuation.resume() }
        }
    }

    private func enqueue(_ rows: [BatchRow<Task>], _ submission: Submission<Output>) throws(SchedulerError) -> UInt64 {
        let tokens = rows.reduce(0) { $0 + $1.tokenCount }
        let waiting = rows.enumerated().map { index, row in
            (payload: Waiting(row: row, index: index, submission: submission), tokenCount: row.tokenCount)
        }
        let admission = state.withLock { state -> Result<(number: UInt64, call: Int?, rouse: [Int]), SchedulerError> in
            guard !state.isStopping else { return .failure(.stopping) }
            do throws(SchedulerError) {
                try state.queue.admit(rows: rows.count, tokens: tokens)
            } catch {
                state.refusedSubmissions += 1
                return .failure(error)
            }
            let number = state.nextSubmission
            state.nextSubmission += 1
            state.queue.append(waiting, submission: number)
            guard let first = state.idle.popLast() else { return .success((number, nil, [])) }
            // They stay idle until the first has seen what there is to share, but they wake up meanwhile.
            let helpers = engine.teamSize(tokens: state.queue.tokenCount) - 1
            return .success((number, first, state.idle.suffix(max(0, helpers))))
        }
        let (number, call, rouse) = try admission.get()
        if let call { seats[call].call() }
        for worker in rouse { seats[worker].rouse() }
        return number
    }
}

// MARK: - The workers' side

extension BatchScheduler {
    private enum Next {
        case batch([WaitingQueue<Waiting>.Entry], crew: Crew?, call: [Int])
        case join(Membership)
        case wait
        case stop([CheckedContinuation<Void, Never>])
    }

    private func work(_ index: Int) {
        let worker = engine.makeWorker()
        while true {
            switch next(for: index) {
            case .batch(let entries, let crew, let called):
                for worker in called { seats[worker].call() }
                run(entries, on: worker, index: index, crew: crew)
            case .join(let membership):
                membership.crew.serve(as: membership.number)
                state.withLock { state in
                    state.membership[index] = nil
                    state.lentWorkers -= 1
                }
            case .wait:
                seats[index].wait(spinning: .zero)
            case .stop(let waiters):
                for waiter in waiters { waiter.resume() }
                return
            }
        }
    }

    private func next(for index: Int) -> Next {
        state.withLock { state in
            if let membership = state.membership[index] { return .join(membership) }
            // A call may be late: the worker may have found what it was called for, and be here for nothing.
            state.idle.removeAll { $0 == index }
            if !state.queue.isEmpty {
                let share = state.queue.takeBatch(idleWorkers: state.idle.count + 1)
                state.running[index] = .now
                let (crew, members) = borrow(share, for: index, &state)
                let sharer = state.queue.isEmpty ? nil : state.idle.popLast()
                return .batch(share.entries, crew: crew, call: members + [sharer].compactMap(\.self))
            }
            if state.isStopping {
                state.liveWorkers -= 1
                guard state.liveWorkers == 0 else { return .stop([]) }
                defer { state.whenStopped = [] }
                return .stop(state.whenStopped)
            }
            state.idle.append(index)
            return .wait
        }
    }

    /// Takes idle workers as members of a batch's team, as many as there are for it and as it is worth.
    private func borrow(
        _ share: WaitingQueue<Waiting>.Share,
        for index: Int,
        _ state: inout State
    ) -> (crew: Crew?, members: [Int]) {
        guard share.workers > 1 else { return (nil, []) }
        let tokens = share.entries.reduce(0) { $0 + $1.tokenCount }
        let size = min(share.workers, engine.teamSize(tokens: tokens), state.idle.count + 1)
        guard size > 1 else { return (nil, []) }
        let members = Array(state.idle.suffix(size - 1))
        state.idle.removeLast(size - 1)
        let crew = Crew(leader: seats[index], members: members.map { seats[$0] })
        for (number, member) in zip(1..., members) {
            state.membership[member] = Membership(crew: crew, number: number)
        }
        state.lentWorkers += members.count
        return (crew, members)
    }

    private func run(_ entries: [WaitingQueue<Waiting>.Entry], on worker: Engine.Worker, index: Int, crew: Crew?) {
        let started = ContinuousClock.now
        let queueTimes = entries.map { $0.payload.submission.dispatched(at: started) }
        let batch = Batch(entries.map(\.payload.row), padTokenID: padTokenID)
        let (results, failed) = results(of: batch, on: worker, team: BatchTeam(crew: crew))
        crew?.dismiss()
        let finished = ContinuousClock.now
        state.withLock { state in
            state.running[index] = nil
            if failed { state.failedBatches += 1 } else { state.lastSuccess = finished }
        }
        onBatch(
            BatchReport(
                rows: batch.rows,
                tokens: batch.tokenCount,
                padding: batch.paddingCount,
                duration: started.duration(to: finished),
                queueTimes: queueTimes,
                failed: failed
            )
        )
        for (entry, result) in zip(entries, results) {
            entry.payload.submission.complete(row: entry.payload.index, with: result)
        }
    }

    private func results(
        of batch: Batch<Task>,
        on worker: Engine.Worker,
        team: BatchTeam
    ) -> (results: [Result<Output, any Error>], failed: Bool) {
        let failure: any Error
        do {
            let results = try worker.run(batch, team: team)
            if results.count == batch.rows { return (results, false) }
            failure = SchedulerError.engineFailed("\(results.count) results for a batch of \(batch.rows) rows")
        } catch {
            failure = error
        }
        return (Array(repeating: .failure(failure), count: batch.rows), true)
    }
}
