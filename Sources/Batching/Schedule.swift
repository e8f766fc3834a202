/// Everything the scheduler decides: who is taken in, what is computed next and with what, who is answered. A value
/// without threads or clock, so that hours of load can be simulated in a test; the scheduler's lock owns it.
///
/// A request is taken in or waits in line for that (`Schedule+Admission`). Its rows enter the queue a window at a time:
/// however large, it takes no more of the queue than `BatchPolicy.maxRequestSequences`. A row that is computed
/// already or has a kept result costs nothing. What is to be told to whom gathers in `answers`.
struct Schedule<Task: Sendable & Hashable, Output: Sendable> {
    typealias Instant = ContinuousClock.Instant
    typealias Row = BatchRow<Task>
    typealias RequestNumber = UInt64

    /// What a request comes to.
    struct Answer {
        let request: RequestNumber
        let result: Result<SubmissionResult<Output>, any Error>
    }

    struct Request {
        let rows: [Row]
        let priority: Priority
        let deadline: Instant?
        let submitted: Instant
        /// The rows before this one have entered the queue, or had no need to.
        var nextRow = 0
        /// Jobs it has waited for; some may be done.
        var jobs: [UInt64] = []
        var results: [Result<Output, any Error>?]
        var remaining: Int
        /// What it has in the queue.
        var waitingRows = 0
        var waitingTokens = 0
        var lastDispatch: Instant
        /// Until when it may wait in line.
        var lineEnd: Instant?
        var isTakenIn = false
    }

    /// A batch that a worker has taken.
    struct RunningBatch {
        let jobs: [UInt64]
        let tokenCount: Int
        let started: Instant
    }

    let policy: BatchPolicy
    let workers: Int
    private let outputBytes: @Sendable (Output) -> Int
    var requests: [RequestNumber: Request] = [:]
    var queue: WaitingQueue
    var jobs = JobTable<Task>()
    var lines = [AdmissionLine(), AdmissionLine()]
    var timeouts = TimeoutQueue()
    var cost = CostModel()
    var cache: ResultCache<Row, Output>
    private(set) var running: [UInt64: RunningBatch] = [:]
    private var nextBatch: UInt64 = 0
    /// What is to be told, by whoever holds the lock and once it is released.
    var answers: [Answer] = []
    /// The figures that only grow.
    var counts = SchedulerStatistics()
    /// What those are told who come when nothing more is taken in.
    private var refusal: SchedulerError?
    var isStopping: Bool { refusal != nil }

    init(policy: BatchPolicy, workers: Int, outputBytes: @escaping @Sendable (Output) -> Int) {
        self.policy = policy
        self.workers = workers
        self.outputBytes = outputBytes
        queue = WaitingQueue(policy: policy)
        cache = ResultCache(limit: policy.resultCacheBytes)
    }

    /// Whether there is nothing more to do for the workers.
    var isDone: Bool { queue.isEmpty && lines.allSatisfy(\.isEmpty) }

    /// Tokens of a batch that takes no longer than it should.
    var batchTokenBudget: Int {
        let fitting = cost.tokens(within: policy.batchLatencyTarget.seconds) ?? policy.maxBatchTokens
        return min(policy.maxBatchTokens, max(policy.minBatchTokens, fitting))
    }

    // MARK: Requests

    /// Takes in a request, lets it wait for that, or refuses it.
    mutating func submit(
        _ rows: [Row],
        as number: RequestNumber,
        priority: Priority,
        deadline: Instant?,
        at now: Instant
    ) {
        let request = Request(
            rows: rows,
            priority: priority,
            deadline: deadline,
            submitted: now,
            results: Array(repeating: nil, count: rows.count),
            remaining: rows.count,
            lastDispatch: now
        )
        requests[number] = request
        if let refusal { return conclude(number, .failure(refusal)) }
        if let deadline, deadline <= now { return expire(number) }
        if let deadline { timeouts.add(number, at: deadline) }
        switch verdict(on: Demand(request, policy), at: now) {
        case .enter:
            takeIn(number, at: now)
        case .wait:
            let end = now + policy.maxAdmissionWait
            requests[number]?.lineEnd = end
            lines[priority.rawValue].append(number, Demand(request, policy))
            timeouts.add(number, at: end)
        case .refuse(let reason, let retryAfter):
            refuse(number, reason, retryAfter)
        }
        timeouts.sweep(liveCount: requests.count) { requests[$0] != nil }
    }

    /// Its client has gone.
    mutating func cancel(_ number: RequestNumber, at now: Instant) {
        let dropped = withdraw(number)
        counts.cancelledRows += dropped
        conclude(number, .failure(CancellationError()))
        admitFromLines(at: now)
    }

    /// Answers requests whose time is up, or whose wait in line is.
    mutating func expire(at now: Instant) {
        while let number = timeouts.takeDue(at: now)?.request {
            guard let request = requests[number] else { continue }
            if let deadline = request.deadline, deadline <= now {
                expire(number)
            } else if let end = request.lineEnd, end <= now, !request.isTakenIn {
                refuseFromLine(number, at: now)
            }
        }
        admitFromLines(at: now)
    }

    /// Takes in nothing more.
    /// - Parameters:
    ///   - finishing: whether what waits is still to be computed; else it is answered now.
    ///   - error: the answer.
    mutating func stop(finishing: Bool, error: SchedulerError = .stopping) {
        refusal = error
        guard !finishing else { return }
        for (number, request) in requests {
            let isWaiting =
                request.nextRow < request.rows.count
                || request.jobs.contains { jobs[$0]?.isRunning == false }
            guard isWaiting else { continue }
            _ = withdraw(number)
            conclude(number, .failure(error))
        }
    }

    /// Drops the rows of requests that the next batch would come too late for, while others wait that it helps; they
    /// are answered at their deadline.
    private mutating func dropLateRows(at now: Instant) {
        let end = now + .seconds(cost.seconds(tokens: min(batchTokenBudget, queue.tokenCount)))
        var late: [TimeoutQueue.Entry] = []
        while let entry = timeouts.takeDue(at: end) { late.append(entry) }
        for entry in late { timeouts.add(entry.request, at: entry.time) }
        late.removeAll { entry in
            guard let request = requests[entry.request], request.waitingRows > 0 else { return true }
            return !request.isTakenIn || request.deadline != entry.time
        }
        let tokens = late.reduce(0) { $0 + (requests[$1.request]?.waitingTokens ?? 0) }
        guard tokens < queue.tokenCount else { return }
        for entry in late {
            let dropped = withdraw(entry.request)
            counts.expiredRows += dropped
            requests[entry.request]?.giveUpRows()
        }
    }

    /// Hands an answer out and forgets the request.
    mutating func conclude(_ number: RequestNumber, _ result: Result<SubmissionResult<Output>, any Error>) {
        guard let request = requests.removeValue(forKey: number) else { return }
        if request.isTakenIn { lines[request.priority.rawValue].heldRows -= request.heldRows }
        answers.append(Answer(request: number, result: result))
    }

    private mutating func expire(_ number: RequestNumber) {
        let dropped = withdraw(number)
        counts.expiredRequests += 1
        counts.expiredRows += dropped
        conclude(number, .failure(SchedulerError.deadlineExceeded))
    }

    /// Takes a request out of the line, or its rows out of the queue.
    /// - Returns: how many of its rows will not be computed.
    private mutating func withdraw(_ number: RequestNumber) -> Int {
        guard let request = requests[number] else { return 0 }
        guard request.isTakenIn else {
            lines[request.priority.rawValue].remove(number)
            return request.rows.count
        }
        var dropped = request.rows.count - request.nextRow
        for job in request.jobs where jobs.leave(job, request: number) != nil {
            queue.drop(job)
            dropped += 1
        }
        return dropped
    }

    // MARK: Rows

    /// Lets a request's rows into the queue, as many as it may have there.
    mutating func feed(_ number: RequestNumber, at now: Instant) {
        guard var request = requests.removeValue(forKey: number) else { return }
        while request.nextRow < request.rows.count, request.hasRoom(policy) {
            let index = request.nextRow
            let row = request.rows[index]
            request.nextRow += 1
            if let output = cache.value(for: row) {
                request.results[index] = .success(output)
                request.remaining -= 1
                continue
            }
            let waiter = JobTable<Task>.Waiter(request: number, index: index)
            if let job = jobs.join(row, waiter) {
                counts.sharedRows += 1
                request.jobs.append(job)
                queue.hasten(job, behind: request.waitingTokens, priority: request.priority)
            } else {
                let job = jobs.add(row, waiter, at: now)
                request.jobs.append(job)
                let before = request.waitingTokens
                queue.append(job, tokenCount: row.tokenCount, behind: before, priority: request.priority)
                request.waitingRows += 1
                request.waitingTokens += row.tokenCount
            }
        }
        requests[number] = request
        concludeIfComplete(number, at: now)
    }

    private mutating func concludeIfComplete(_ number: RequestNumber, at now: Instant) {
        guard let request = requests[number], request.remaining == 0 else { return }
        let result = SubmissionResult(
            rows: request.results.compactMap { $0 },
            queueTime: request.submitted.duration(to: request.lastDispatch),
            computeTime: request.lastDispatch.duration(to: now)
        )
        conclude(number, .success(result))
    }

    // MARK: Batches

    /// What a worker is to compute.
    struct Assignment {
        let batch: UInt64
        let rows: [Row]
        /// How many of the idle workers there are for it, the taker included.
        let workers: Int
        /// How long each row has waited.
        let queueTimes: [Duration]

        var tokenCount: Int { rows.reduce(0) { $0 + $1.tokenCount } }
    }

    /// The next batch, without anything that nobody wants any more; nil when nothing waits.
    mutating func takeBatch(idleWorkers: Int, at now: Instant) -> Assignment? {
        expire(at: now)
        dropLateRows(at: now)
        let share = queue.takeBatch(idleWorkers: idleWorkers, maxTokens: batchTokenBudget)
        guard !share.entries.isEmpty else { return nil }
        var rows: [Row] = []
        var queueTimes: [Duration] = []
        var owners: Set<RequestNumber> = []
        for entry in share.entries {
            guard let job = jobs.begin(entry.row) else { preconditionFailure("a row that waits has a job") }
            rows.append(job.row)
            queueTimes.append(job.created.duration(to: now))
            for waiter in job.waiters { requests[waiter.request]?.lastDispatch = now }
            requests[job.owner]?.waitingRows -= 1
            requests[job.owner]?.waitingTokens -= entry.tokenCount
            owners.insert(job.owner)
        }
        // In the order they came in, so that a run can be repeated.
        for owner in owners.sorted() { feed(owner, at: now) }
        admitFromLines(at: now)
        let batch = nextBatch
        nextBatch += 1
        running[batch] = RunningBatch(
            jobs: share.entries.map(\.row),
            tokenCount: share.tokenCount,
            started: now
        )
        return Assignment(batch: batch, rows: rows, workers: share.workers, queueTimes: queueTimes)
    }

    /// A batch is done.
    /// - Parameters:
    ///   - results: one for each of its rows.
    ///   - workers: that computed it.
    mutating func finish(_ batch: UInt64, _ results: [Result<Output, any Error>], workers: Int, at now: Instant) {
        guard let finished = running.removeValue(forKey: batch) else { return }
        var tokens = 0
        for (number, result) in zip(finished.jobs, results) {
            guard let job = jobs.finish(number) else { continue }
            tokens += job.row.tokenCount
            if case .success(let output) = result {
                cache.keep(output, for: job.row, bytes: outputBytes(output) + job.row.bytes)
            }
            answer(job.waiters, with: result, at: now)
        }
        cost.observe(tokens: tokens, seconds: finished.started.duration(to: now).seconds * Double(workers))
        admitFromLines(at: now)
    }

    /// A batch failed as a whole, or is given up: every row gets the error, and what comes of it later is nothing.
    mutating func abandon(_ batch: UInt64, error: any Error, at now: Instant) {
        guard let failed = running.removeValue(forKey: batch) else { return }
        counts.failedBatches += 1
        for number in failed.jobs {
            if let job = jobs.finish(number) { answer(job.waiters, with: .failure(error), at: now) }
        }
        admitFromLines(at: now)
    }

    private mutating func answer(
        _ waiters: [JobTable<Task>.Waiter],
        with result: Result<Output, any Error>,
        at now: Instant
    ) {
        for waiter in waiters where requests[waiter.request] != nil {
            requests[waiter.request]?.results[waiter.index] = result
            requests[waiter.request]?.remaining -= 1
            concludeIfComplete(waiter.request, at: now)
        }
    }
}

extension Schedule.Request {
    /// Nothing more of it will be computed; it is still to be answered.
    mutating func giveUpRows() {
        nextRow = rows.count
        (waitingRows, waitingTokens) = (0, 0)
    }

    /// What its results may take until it is answered.
    var heldRows: Int { rows.count }

    /// Whether its next row may enter the queue.
    func hasRoom(_ policy: BatchPolicy) -> Bool {
        waitingRows == 0
            || waitingRows < policy.maxRequestSequences
                && waitingTokens + rows[nextRow].tokenCount <= policy.maxRequestTokens
    }
}

extension BatchRow {
    /// What the row itself takes in the cache of results: its arrays with their headers, and its place in the tables.
    var bytes: Int { 8 * tokenCount + 256 }
}

/// What a request's rows came to, and how long that took.
package struct SubmissionResult<Output: Sendable>: Sendable {
    /// One result for each row, in the order they were submitted in.
    package let rows: [Result<Output, any Error>]
    /// From submission until the last row was handed to a worker.
    package let queueTime: Duration
    /// From then until the last row was computed.
    package let computeTime: Duration
}
