import Compute
import Time

/// The sequences that wait or are being computed, each once, with all requests that want its result.
struct JobTable<Task: Sendable & Hashable> {
    typealias Number = UInt64

    /// A place in a request that the result goes to.
    struct Waiter: Equatable {
        let request: UInt64
        let index: Int
    }

    struct Job {
        let sequence: InputSequence<Task>
        /// The request that brought the job: the job counts in this request's part of the queue.
        let owner: UInt64
        let created: Instant
        fileprivate(set) var waiters: [Waiter]
        fileprivate(set) var isRunning = false
    }

    private var jobs: [Number: Job] = [:]
    private var numbers: [InputSequence<Task>: Number] = [:]
    private var nextNumber: Number = 0

    subscript(number: Number) -> Job? { jobs[number] }
    var isEmpty: Bool { jobs.isEmpty }

    /// Lets a waiter share the computation of an equal sequence, if there is one.
    mutating func join(_ sequence: InputSequence<Task>, _ waiter: Waiter) -> Number? {
        guard let number = numbers[sequence] else { return nil }
        jobs[number]?.waiters.append(waiter)
        return number
    }

    /// Adds a sequence that nobody has asked for yet.
    mutating func add(_ sequence: InputSequence<Task>, _ waiter: Waiter, at now: Instant) -> Number {
        let number = nextNumber
        nextNumber += 1
        jobs[number] = Job(sequence: sequence, owner: waiter.request, created: now, waiters: [waiter])
        numbers[sequence] = number
        return number
    }

    /// Notes that a request no longer wants a job's result.
    /// - Returns: the job if it was removed. It is removed if it has not begun and no other request wants it.
    mutating func leave(_ number: Number, request: UInt64) -> Job? {
        guard let job = jobs[number] else { return nil }
        let others = job.waiters.filter { $0.request != request }
        jobs[number]?.waiters = others
        guard others.isEmpty, !job.isRunning else { return nil }
        remove(number, job.sequence)
        return job
    }

    /// Notes that a worker has taken a job.
    mutating func begin(_ number: Number) -> Job? {
        jobs[number]?.isRunning = true
        return jobs[number]
    }

    /// Removes a job that has its result or will never have one.
    /// - Returns: the job with its waiters.
    mutating func finish(_ number: Number) -> Job? {
        guard let job = jobs[number] else { return nil }
        remove(number, job.sequence)
        return job
    }

    private mutating func remove(_ number: Number, _ sequence: InputSequence<Task>) {
        jobs[number] = nil
        numbers[sequence] = nil
    }
}
