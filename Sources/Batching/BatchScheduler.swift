import Dispatch
import Foundation
import Synchronization

/// Queues rows and runs them in batches on worker threads that it owns.
///
/// A batch is formed at the moment a worker is free, from what waits then: an idle machine answers a single row at
/// once, a busy one finds more rows each time it looks. Nothing waits for company. The lock guards the queue and
/// the list of idle workers; it is never held while a batch runs or an answer is delivered.
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

    private struct State {
        var queue: WaitingQueue<Waiting>
        var nextSubmission: UInt64 = 0
        /// Workers parked on their semaphores.
        var idle: [Int] = []
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
    private let parked: [DispatchSemaphore]
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
        self.parked = (0..<workers).map { _ in DispatchSemaphore(value: 0) }
        self.state = Mutex(State(queue: WaitingQueue(policy: policy), liveWorkers: workers))
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
            statistics.busyWorkers = state.running.count
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
        for worker in idle { parked[worker].signal() }
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
        let admission = state.withLock { state -> Result<(number: UInt64, wake: Int?), SchedulerError> in
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
            return .success((number, state.idle.popLast()))
        }
        let (number, wake) = try admission.get()
        if let wake { parked[wake].signal() }
        return number
    }
}

// MARK: - The workers' side

extension BatchScheduler {
    private enum Next {
        case batch([WaitingQueue<Waiting>.Entry], wake: Int?)
        case park
        case stop([CheckedContinuation<Void, Never>])
    }

    private func work(_ index: Int) {
        let worker = engine.makeWorker()
        while true {
            switch next(for: index) {
            case .batch(let entries, let wake):
                if let wake { parked[wake].signal() }
                run(entries, on: worker, index: index)
            case .park:
                parked[index].wait()
            case .stop(let waiters):
                for waiter in waiters { waiter.resume() }
                return
            }
        }
    }

    private func next(for index: Int) -> Next {
        state.withLock { state in
            if !state.queue.isEmpty {
                let entries = state.queue.takeBatch(idleWorkers: state.idle.count + 1)
                state.running[index] = .now
                return .batch(entries, wake: state.queue.isEmpty ? nil : state.idle.popLast())
            }
            if state.isStopping {
                state.liveWorkers -= 1
                guard state.liveWorkers == 0 else { return .stop([]) }
                defer { state.whenStopped = [] }
                return .stop(state.whenStopped)
            }
            state.idle.append(index)
            return .park
        }
    }

    private func run(_ entries: [WaitingQueue<Waiting>.Entry], on worker: Engine.Worker, index: Int) {
        let started = ContinuousClock.now
        let queueTimes = entries.map { $0.payload.submission.dispatched(at: started) }
        let batch = Batch(entries.map(\.payload.row), padTokenID: padTokenID)
        let (results, failed) = results(of: batch, on: worker)
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
        on worker: Engine.Worker
    ) -> (results: [Result<Output, any Error>], failed: Bool) {
        let failure: any Error
        do {
            let results = try worker.run(batch)
            if results.count == batch.rows { return (results, false) }
            failure = SchedulerError.engineFailed("\(results.count) results for a batch of \(batch.rows) rows")
        } catch {
            failure = error
        }
        return (Array(repeating: .failure(failure), count: batch.rows), true)
    }
}
