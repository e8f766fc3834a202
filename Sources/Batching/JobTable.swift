/// Rows that wait or are being computed, each once, with everybody who wants its result.
struct JobTable<Task: Sendable & Hashable> {
    typealias Number = UInt64

    /// One place in a request that the result goes to.
    struct Waiter: Equatable {
        let request: UInt64
        let index: Int
    }

    struct Job {
        let row: BatchRow<Task>
        /// The request whose part of the queue it takes.
        let owner: UInt64
        let created: ContinuousClock.Instant
        fileprivate(set) var waiters: [Waiter]
        fileprivate(set) var isRunning = false
    }

    private var jobs: [Number: Job] = [:]
    private var numbers: [BatchRow<Task>: Number] = [:]
    private var nextNumber: Number = 0

    subscript(number: Number) -> Job? { jobs[number] }
    var isEmpty: Bool { jobs.isEmpty }

    /// Lets a waiter share the computation of an equal row, if there is one.
    mutating func join(_ row: BatchRow<Task>, _ waiter: Waiter) -> Number? {
        guard let number = numbers[row] else { return nil }
        jobs[number]?.waiters.append(waiter)
        return number
    }

    /// A row that nobody has asked for yet.
    mutating func add(_ row: BatchRow<Task>, _ waiter: Waiter, at now: ContinuousClock.Instant) -> Number {
        let number = nextNumber
        nextNumber += 1
        jobs[number] = Job(row: row, owner: waiter.request, created: now, waiters: [waiter])
        numbers[row] = number
        return number
    }

    /// A request no longer wants a job's result.
    /// - Returns: the job, if it has not begun and nobody else wants it: it is gone.
    mutating func leave(_ number: Number, request: UInt64) -> Job? {
        guard let job = jobs[number] else { return nil }
        let others = job.waiters.filter { $0.request != request }
        jobs[number]?.waiters = others
        guard others.isEmpty, !job.isRunning else { return nil }
        remove(number, job.row)
        return job
    }

    /// A worker has taken it.
    mutating func begin(_ number: Number) -> Job? {
        jobs[number]?.isRunning = true
        return jobs[number]
    }

    /// It has a result, or never will.
    /// - Returns: the job with those who wait for it.
    mutating func finish(_ number: Number) -> Job? {
        guard let job = jobs[number] else { return nil }
        remove(number, job.row)
        return job
    }

    private mutating func remove(_ number: Number, _ row: BatchRow<Task>) {
        jobs[number] = nil
        numbers[row] = nil
    }
}
