import Compute
import Time

/// Makes all decisions of the scheduler: which requests are admitted, which sequences are computed next and together,
/// which requests are answered. It is a value without threads or clock, so that a test can simulate hours of load. The
/// scheduler's lock guards it.
///
/// A request is admitted or waits in line for admission (`Schedule+Admission`). Its sequences enter the queue in parts:
/// however large a request is, at most `BatchPolicy.maxRequestSequences` of its sequences are in the queue. A sequence
/// costs nothing if an equal one is being computed or its result is in the cache. Answers gather in `answers`.
struct Schedule<Task: Sendable & Hashable, Output: Sendable> {
    typealias RequestNumber = UInt64

    /// The answer to a request.
    struct Answer {
        let request: RequestNumber
        let result: Result<SubmissionResult<Output>, any Error>
    }

    struct Request {
        let sequences: [InputSequence<Task>]
        let priority: Priority
        let deadline: Instant?
        let submitted: Instant
        /// The first sequence that has not entered the queue yet. Those before it have entered it or did not need to.
        var nextSequence = 0
        /// The jobs that the request has waited for; some may be done.
        var jobs: [UInt64] = []
        var results: [Result<Output, any Error>?]
        var remaining: Int
        /// The request's sequences and tokens in the queue.
        var waitingSequences = 0
        var waitingTokens = 0
        var lastDispatch: Instant
        /// The time until which the request may wait in line.
        var lineEnd: Instant?
        var isAdmitted = false
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
    var cache: ResultCache<InputSequence<Task>, Output>
    private(set) var running: [UInt64: RunningBatch] = [:]
    private var nextBatch: UInt64 = 0
    /// Answers that the holder of the lock delivers once it is released.
    var answers: [Answer] = []
    /// The counts that only grow.
    var counts = SchedulerStatistics()
    /// Whether work has been too long, and is not short again.
    var congestion = Congestion()
    /// The tokens of a request: a mean in which older requests count less and less.
    private(set) var meanTokens = 0.0
    /// The error that new requests get once the scheduler admits nothing more.
    private var refusal: SchedulerError?
    var isStopping: Bool { refusal != nil }

    init(policy: BatchPolicy, workers: Int, outputBytes: @escaping @Sendable (Output) -> Int) {
        self.policy = policy
        self.workers = workers
        self.outputBytes = outputBytes
        queue = WaitingQueue(policy: policy)
        cache = ResultCache(limit: policy.resultCacheBytes)
    }

    /// The most tokens of one batch, so that the batch stays within `BatchPolicy.batchLatencyTarget`.
    var batchTokenBudget: Int {
        let fitting = cost.tokens(within: policy.batchLatencyTarget.seconds) ?? policy.maxBatchTokens
        return min(policy.maxBatchTokens, max(policy.minBatchTokens, fitting))
    }

    // MARK: Requests

    /// Admits a request, lets it wait for admission, or refuses it.
    mutating func submit(
        _ sequences: [InputSequence<Task>],
        as number: RequestNumber,
        priority: Priority,
        deadline: Instant?,
        at now: Instant
    ) {
        let request = Request(
            sequences: sequences,
            priority: priority,
            deadline: deadline,
            submitted: now,
            results: Array(repeating: nil, count: sequences.count),
            remaining: sequences.count,
            lastDispatch: now
        )
        requests[number] = request
        let tokens = Double(sequences.reduce(0) { $0 + $1.tokenCount })
        meanTokens += (tokens - meanTokens) / 50
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

    /// Withdraws a request whose client has disconnected.
    mutating func cancel(_ number: RequestNumber, at now: Instant) {
        let dropped = withdraw(number)
        counts.cancelledSequences += dropped
        conclude(number, .failure(CancellationError()))
        admitFromLines(at: now)
    }

    /// Answers requests whose deadline or whose wait in line has ended.
    mutating func expire(at now: Instant) {
        while let number = timeouts.takeDue(at: now)?.request {
            guard let request = requests[number] else { continue }
            if let deadline = request.deadline, deadline <= now {
                expire(number)
            } else if let end = request.lineEnd, end <= now, !request.isAdmitted {
                refuseFromLine(number, at: now)
            }
        }
        admitFromLines(at: now)
    }

    /// Stops the admission of requests.
    /// - Parameters:
    ///   - finishing: whether waiting requests are still computed; else they are answered now.
    ///   - error: the answer.
    mutating func stop(finishing: Bool, error: SchedulerError = .stopping) {
        refusal = error
        guard !finishing else { return }
        for (number, request) in requests {
            let isWaiting =
                request.nextSequence < request.sequences.count
                || request.jobs.contains { jobs[$0]?.isRunning == false }
            guard isWaiting else { continue }
            _ = withdraw(number)
            conclude(number, .failure(error))
        }
    }

    /// Drops the sequences of requests for which the next batch would come too late, if other sequences wait that it
    /// can still serve. The requests of dropped sequences are answered at their deadline.
    private mutating func dropLateSequences(at now: Instant) {
        let end = now + .seconds(cost.seconds(tokens: min(batchTokenBudget, queue.tokenCount)))
        var late: [TimeoutQueue.Entry] = []
        while let entry = timeouts.takeDue(at: end) { late.append(entry) }
        for entry in late { timeouts.add(entry.request, at: entry.time) }
        late.removeAll { entry in
            guard let request = requests[entry.request], request.waitingSequences > 0 else { return true }
            return !request.isAdmitted || request.deadline != entry.time
        }
        let tokens = late.reduce(0) { $0 + (requests[$1.request]?.waitingTokens ?? 0) }
        guard tokens < queue.tokenCount else { return }
        for entry in late {
            let dropped = withdraw(entry.request)
            counts.expiredSequences += dropped
            requests[entry.request]?.giveUpSequences()
        }
    }

    /// Answers a request and forgets it.
    mutating func conclude(_ number: RequestNumber, _ result: Result<SubmissionResult<Output>, any Error>) {
        guard let request = requests.removeValue(forKey: number) else { return }
        if request.isAdmitted { lines[request.priority.rawValue].heldSequences -= request.heldSequences }
        answers.append(Answer(request: number, result: result))
    }

    private mutating func expire(_ number: RequestNumber) {
        let dropped = withdraw(number)
        counts.expiredRequests += 1
        counts.expiredSequences += dropped
        conclude(number, .failure(SchedulerError.deadlineExceeded))
    }

    /// Takes a request out of the line, or its sequences out of the queue.
    /// - Returns: the number of its sequences that will not be computed.
    private mutating func withdraw(_ number: RequestNumber) -> Int {
        guard let request = requests[number] else { return 0 }
        guard request.isAdmitted else {
            lines[request.priority.rawValue].remove(number)
            return request.sequences.count
        }
        var dropped = request.sequences.count - request.nextSequence
        for job in request.jobs where jobs.leave(job, request: number) != nil {
            queue.drop(job)
            dropped += 1
        }
        return dropped
    }

    // MARK: Sequences

    /// Puts a request's next sequences into the queue, as many as the request may have there.
    mutating func feed(_ number: RequestNumber, at now: Instant) {
        guard var request = requests.removeValue(forKey: number) else { return }
        while request.nextSequence < request.sequences.count, request.hasCapacity(policy) {
            let index = request.nextSequence
            let sequence = request.sequences[index]
            request.nextSequence += 1
            if let output = cache.value(for: sequence) {
                request.results[index] = .success(output)
                request.remaining -= 1
                continue
            }
            let waiter = JobTable<Task>.Waiter(request: number, index: index)
            if let job = jobs.join(sequence, waiter) {
                counts.sharedSequences += 1
                request.jobs.append(job)
                queue.hasten(job, behind: request.waitingTokens, priority: request.priority)
            } else {
                let job = jobs.add(sequence, waiter, at: now)
                request.jobs.append(job)
                let before = request.waitingTokens
                queue.append(job, tokenCount: sequence.tokenCount, behind: before, priority: request.priority)
                request.waitingSequences += 1
                request.waitingTokens += sequence.tokenCount
            }
        }
        requests[number] = request
        concludeIfComplete(number, at: now)
    }

    private mutating func concludeIfComplete(_ number: RequestNumber, at now: Instant) {
        guard let request = requests[number], request.remaining == 0 else { return }
        let result = SubmissionResult(
            results: request.results.compactMap { $0 },
            queueTime: request.submitted.duration(to: request.lastDispatch),
            computeTime: request.lastDispatch.duration(to: now)
        )
        conclude(number, .success(result))
    }

    // MARK: Batches

    /// A batch for a worker to compute.
    struct Assignment {
        let batch: UInt64
        let sequences: [InputSequence<Task>]
        /// The number of idle workers that may compute the batch, including the worker that takes it.
        let workers: Int
        /// How long each sequence has waited.
        let queueTimes: [Duration]

        var tokenCount: Int { sequences.reduce(0) { $0 + $1.tokenCount } }
    }

    /// The next batch, without sequences that nobody wants any more; nil when nothing waits.
    mutating func takeBatch(idleWorkers: Int, at now: Instant) -> Assignment? {
        expire(at: now)
        dropLateSequences(at: now)
        let part = queue.takeBatch(idleWorkers: idleWorkers, maxTokens: batchTokenBudget)
        guard !part.entries.isEmpty else { return nil }
        var sequences: [InputSequence<Task>] = []
        var queueTimes: [Duration] = []
        var owners: Set<RequestNumber> = []
        for entry in part.entries {
            guard let job = jobs.begin(entry.job) else { preconditionFailure("a sequence that waits has a job") }
            sequences.append(job.sequence)
            queueTimes.append(job.created.duration(to: now))
            for waiter in job.waiters { requests[waiter.request]?.lastDispatch = now }
            requests[job.owner]?.waitingSequences -= 1
            requests[job.owner]?.waitingTokens -= entry.tokenCount
            owners.insert(job.owner)
        }
        // In the order of their arrival, so that a run can be repeated.
        for owner in owners.sorted() { feed(owner, at: now) }
        admitFromLines(at: now)
        let batch = nextBatch
        nextBatch += 1
        running[batch] = RunningBatch(
            jobs: part.entries.map(\.job),
            tokenCount: part.tokenCount,
            started: now
        )
        return Assignment(batch: batch, sequences: sequences, workers: part.workers, queueTimes: queueTimes)
    }

    /// Takes the results of a batch.
    /// - Parameters:
    ///   - results: one for each of its sequences.
    ///   - workers: the number of workers that computed it.
    mutating func finish(_ batch: UInt64, _ results: [Result<Output, any Error>], workers: Int, at now: Instant) {
        guard let finished = running.removeValue(forKey: batch) else { return }
        var tokens = 0
        for (number, result) in zip(finished.jobs, results) {
            guard let job = jobs.finish(number) else { continue }
            tokens += job.sequence.tokenCount
            if case .success(let output) = result {
                cache.keep(output, for: job.sequence, bytes: outputBytes(output) + job.sequence.bytes)
            }
            answer(job.waiters, with: result, at: now)
        }
        cost.observe(tokens: tokens, seconds: finished.started.duration(to: now).seconds * Double(workers))
        admitFromLines(at: now)
    }

    /// Ends a batch that failed as a whole or was given up: every sequence gets the error, and a late result is
    /// ignored.
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
    /// Marks that nothing more of the request will be computed. The request must still be answered.
    mutating func giveUpSequences() {
        nextSequence = sequences.count
        (waitingSequences, waitingTokens) = (0, 0)
    }

    /// The number of sequences whose results the request holds until it is answered.
    var heldSequences: Int { sequences.count }

    /// Whether the next sequence may enter the queue.
    func hasCapacity(_ policy: BatchPolicy) -> Bool {
        waitingSequences == 0
            || waitingSequences < policy.maxRequestSequences
                && waitingTokens + sequences[nextSequence].tokenCount <= policy.maxRequestTokens
    }
}

extension InputSequence {
    /// The memory that the sequence takes in the cache of results: its arrays with their headers, and its place in the
    /// tables.
    var bytes: Int { 8 * tokenCount + 256 }
}

/// The results of a request's sequences, and the time that they took.
package struct SubmissionResult<Output: Sendable>: Sendable {
    /// One result for each sequence, in the order of submission.
    package let results: [Result<Output, any Error>]
    /// The time from submission until the last sequence was handed to a worker.
    package let queueTime: Duration
    /// The time from the end of ``queueTime`` until the last sequence was computed.
    package let computeTime: Duration
}
