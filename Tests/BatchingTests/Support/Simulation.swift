import Compute
import Foundation
import Synchronization
import TestSupport
import Time

@testable import Batching

/// Runs a schedule in simulated time, against an engine whose batches take a fixed time plus a time for each token.
/// Hours pass in a moment, and every run gives the same result.
struct Simulation {
    struct Arrival {
        /// Seconds from the start.
        var time: Double
        var lengths: [Int]
        var priority = Priority.high
        /// Seconds.
        var timeout: Double?
    }

    enum End: Equatable {
        case answered, refused, expired
    }

    struct Outcome {
        let arrival: Arrival
        /// Seconds from the request's arrival to its answer.
        let duration: Double
        let end: End
        /// The time after which a refused request may try again.
        let retryAfter: Double?

        var tokens: Int { arrival.lengths.reduce(0, +) }
        /// The time at which the request was answered, in seconds from the start.
        var finished: Double { arrival.time + duration }
    }

    struct Engine {
        var workers = 2
        var secondsPerBatch = 0.002
        var secondsPerToken = 0.0005
    }

    private(set) var schedule: Schedule<Int, Int>
    private(set) var outcomes: [Outcome] = []
    /// Tokens of each batch, in the order in which the batches were taken.
    private(set) var batches: [Int] = []
    private let engine: Engine
    private let start = Instant.now
    private var now: Instant
    private var running: [(end: Instant, assignment: Schedule<Int, Int>.Assignment)] = []
    private var arrived: [UInt64: Arrival] = [:]
    private var sequenceCount = 0

    init(_ engine: Engine = Engine(), _ change: (inout BatchPolicy) -> Void = { _ in }) {
        var policy = BatchPolicy()
        change(&policy)
        self.engine = engine
        schedule = Schedule(policy: policy, workers: engine.workers) { _ in 8 }
        now = start
    }

    /// Lets requests arrive, in order, and goes on until all are answered.
    mutating func run(_ arrivals: [Arrival]) {
        var rest = arrivals[...]
        while true {
            let arrival = rest.first.map { start + .seconds($0.time) }
            let batch = running.map(\.end).min()
            let timeout = schedule.timeouts.next
            guard let next = [arrival, batch, timeout].compactMap(\.self).min() else { return }
            now = max(now, next)
            if let finished = running.firstIndex(where: { $0.end <= now }) {
                let assignment = running.remove(at: finished).assignment
                let results = assignment.sequences.map { Result<Int, any Error>.success($0.task) }
                schedule.finish(assignment.batch, results, workers: 1, at: now)
            } else if let arrival, arrival <= now {
                submit(rest.removeFirst())
            } else {
                schedule.expire(at: now)
            }
            collect()
            startBatches()
        }
    }

    private mutating func submit(_ arrival: Arrival) {
        let number = UInt64(arrived.count)
        arrived[number] = arrival
        let sequences = arrival.lengths.map { length in
            sequenceCount += 1
            return InputSequence(
                inputIDs: Array(repeating: 1, count: length),
                tokenTypeIDs: Array(repeating: 0, count: length),
                task: sequenceCount
            )
        }
        let deadline = arrival.timeout.map { start + .seconds(arrival.time + $0) }
        schedule.submit(sequences, as: number, priority: arrival.priority, deadline: deadline, at: now)
    }

    private mutating func startBatches() {
        while running.count < engine.workers {
            let idle = engine.workers - running.count
            guard let assignment = schedule.takeBatch(idleWorkers: idle, at: now) else { break }
            let seconds = engine.secondsPerBatch + engine.secondsPerToken * Double(assignment.tokenCount)
            batches.append(assignment.tokenCount)
            running.append((now + .seconds(seconds), assignment))
        }
        collect()
    }

    private mutating func collect() {
        for answer in schedule.answers {
            guard let arrival = arrived[answer.request] else { continue }
            var (end, retryAfter) = (End.answered, Double?.none)
            if case .failure(let error) = answer.result {
                end = .expired
                if case .overloaded(_, _, _, let time)? = error as? SchedulerError {
                    (end, retryAfter) = (.refused, time.seconds)
                }
            }
            let duration = start.duration(to: now).seconds - arrival.time
            outcomes.append(Outcome(arrival: arrival, duration: duration, end: end, retryAfter: retryAfter))
        }
        schedule.answers = []
    }
}

extension Simulation {
    /// Single texts at random times (a Poisson process), of lengths drawn evenly.
    static func texts(
        perSecond rate: Double,
        seconds: Double,
        lengths: ClosedRange<Int> = 4...60,
        timeout: Double? = nil,
        priority: Priority = .high,
        seed: UInt64 = 1
    ) -> [Arrival] {
        var generator = SeededGenerator(seed: seed)
        var arrivals: [Arrival] = []
        var time = 0.0
        while true {
            // The gaps of a Poisson process are exponential; a sum of uniform ones would be too even.
            time += -log(Double.random(in: 0.000_001...1, using: &generator)) / rate
            guard time < seconds else { return arrivals }
            let length = Int.random(in: lengths, using: &generator)
            arrivals.append(Arrival(time: time, lengths: [length], priority: priority, timeout: timeout))
        }
    }
}

extension [Simulation.Outcome] {
    func ended(_ end: Simulation.End) -> [Simulation.Outcome] { filter { $0.end == end } }

    /// The duration that this fraction of the requests does not exceed.
    func percentile(_ part: Double) -> Double {
        let sorted = map(\.duration).sorted()
        return sorted.isEmpty ? 0 : sorted[Swift.min(sorted.count - 1, Int(part * Double(sorted.count)))]
    }

    /// Tokens a second, between two times, that were computed for requests answered in time.
    func goodput(from start: Double, to end: Double) -> Double {
        let done = filter { $0.end == .answered && (start..<end).contains($0.finished) }
        return Double(done.reduce(0) { $0 + $1.tokens }) / (end - start)
    }
}

extension BatchScheduler {
    /// The number of workers that wait for work.
    var idleWorkers: Int { state.withLock { $0.idle.count } }
}
