import Compute
import TestSupport
import Testing
import Time

@testable import Batching

@Suite("The schedule")
struct ScheduleTests {
    private typealias Plan = Schedule<Int, Int>
    private let start = Instant.now

    private func plan(workers: Int = 1, _ change: (inout BatchPolicy) -> Void = { _ in }) -> Plan {
        var policy = BatchPolicy()
        change(&policy)
        return Plan(policy: policy, workers: workers) { _ in 100 }
    }

    private func sequence(_ id: Int, tokens: Int = 1) -> InputSequence<Int> {
        InputSequence(
            inputIDs: Array(repeating: 1, count: tokens),
            tokenTypeIDs: Array(repeating: 0, count: tokens),
            task: id
        )
    }

    private func sequences(_ ids: Range<Int>, tokens: Int = 1) -> [InputSequence<Int>] {
        ids.map { sequence($0, tokens: tokens) }
    }

    /// Takes and finishes one batch; each sequence's result is its task.
    @discardableResult
    private func step(_ plan: inout Plan, at time: Instant? = nil) -> [Int]? {
        guard let assignment = plan.takeBatch(idleWorkers: 1, at: time ?? start) else { return nil }
        plan.finish(assignment.batch, assignment.sequences.map { .success($0.task) }, workers: 1, at: time ?? start)
        return assignment.sequences.map(\.task)
    }

    private func submit(
        _ plan: inout Plan,
        _ number: UInt64,
        _ sequences: [InputSequence<Int>],
        priority: Priority = .high,
        timeout: Duration? = nil,
        after time: Duration = .zero
    ) {
        let now = start + time
        plan.submit(sequences, as: number, priority: priority, deadline: timeout.map { now + $0 }, at: now)
    }

    /// Takes the answers that are ready, by request.
    private func answers(_ plan: inout Plan) -> [UInt64: Result<[Int], SchedulerError>] {
        defer { plan.answers = [] }
        var found: [UInt64: Result<[Int], SchedulerError>] = [:]
        for answer in plan.answers {
            switch answer.result {
            case .success(let result): found[answer.request] = .success(result.results.compactMap { try? $0.get() })
            case .failure(let error): found[answer.request] = .failure(error as? SchedulerError ?? .stopping)
            }
        }
        return found
    }

    // MARK: Equal sequences

    @Test("computes equal sequences in flight once, for all requests that have them")
    func equalRows() {
        var plan = plan()
        submit(&plan, 1, [sequence(5), sequence(6), sequence(5)])
        submit(&plan, 2, [sequence(6)])
        #expect(plan.queue.sequenceCount == 2 && plan.counts.sharedSequences == 2)
        #expect(step(&plan)?.sorted() == [5, 6])
        #expect(answers(&plan) == [1: .success([5, 6, 5]), 2: .success([6])])
        #expect(plan.jobs.isEmpty && plan.requests.isEmpty)
    }

    @Test("lets an equal sequence join one that is being computed")
    func joinRunning() throws {
        var plan = plan()
        submit(&plan, 1, [sequence(5)])
        let taken = plan.takeBatch(idleWorkers: 1, at: start)
        let assignment = try #require(taken)
        submit(&plan, 2, [sequence(5)])
        #expect(plan.queue.isEmpty)
        plan.finish(assignment.batch, [.success(5)], workers: 1, at: start)
        #expect(answers(&plan) == [1: .success([5]), 2: .success([5])])
    }

    @Test("continues a shared sequence when one of its requests leaves, and drops it with the last one")
    func sharedCancellation() {
        var plan = plan()
        submit(&plan, 1, [sequence(5), sequence(6)])
        submit(&plan, 2, [sequence(5)])
        plan.cancel(1, at: start)
        #expect(plan.queue.sequenceCount == 1 && plan.counts.cancelledSequences == 1)
        plan.answers = []
        #expect(step(&plan) == [5])
        #expect(answers(&plan) == [2: .success([5])])
        submit(&plan, 3, [sequence(7)])
        submit(&plan, 4, [sequence(7)])
        plan.cancel(3, at: start)
        plan.cancel(4, at: start)
        #expect(step(&plan) == nil && plan.counts.cancelledSequences == 2)
    }

    @Test("computes a sequence of a long request at once when a short one wants it too")
    func hastening() {
        var plan = plan {
            $0.maxBatchSequences = 4; $0.freeCompanyTokens = 0
        }
        submit(&plan, 1, sequences(0..<8, tokens: 30))
        submit(&plan, 2, [sequence(7, tokens: 30)])
        #expect(step(&plan)?.contains(7) == true)
        submit(&plan, 3, sequences(20..<24, tokens: 30), priority: .low)
        submit(&plan, 4, [sequence(23, tokens: 30)])
        #expect(plan.queue[.low].sequenceCount == 3)
    }

    // MARK: Large requests

    @Test("lets a large request into the queue a part at a time, and loses none of it", arguments: [1, 3])
    func window(workers: Int) {
        var plan = plan(workers: workers) {
            $0.maxQueueSequences = 80; $0.maxHeldSequences = 2000
        }
        submit(&plan, 1, sequences(0..<1000))
        #expect(plan.queue.sequenceCount == 10)
        submit(&plan, 2, sequences(2000..<2070))
        #expect(plan.answers.isEmpty && plan.queue.sequenceCount == 20 && plan.lines[0].isEmpty)
        var computed: [Int] = []
        while let tasks = step(&plan) {
            #expect(plan.queue.sequenceCount <= 20)
            computed += tasks
        }
        #expect(computed.sorted() == Array(0..<1000) + Array(2000..<2070))
        #expect(answers(&plan) == [1: .success(Array(0..<1000)), 2: .success(Array(2000..<2070))])
        #expect(plan.lines[0].heldSequences == 0)
    }

    @Test("admits a request that is larger than the whole queue, if little else is there")
    func largerThanTheQueue() {
        var plan = plan {
            $0.maxQueueTokens = 100; $0.maxQueueSequences = 2
        }
        submit(&plan, 1, sequences(0..<20, tokens: 300))
        var computed: [Int] = []
        while let tasks = step(&plan) { computed += tasks }
        #expect(computed == Array(0..<20) && answers(&plan)[1] == .success(computed))
    }

    @Test("drops the sequences that have not begun of a large request that nobody waits for any more")
    func largeCancellation() {
        var plan = plan()
        submit(&plan, 1, sequences(0..<1000))
        step(&plan)
        plan.cancel(1, at: start)
        #expect(plan.counts.cancelledSequences == 1000 - 64)
        #expect(step(&plan) == nil && plan.lines[0].heldSequences == 0)
    }

    // MARK: Deadlines

    @Test("answers at the deadline, computes no late sequence, and keeps the others")
    func deadlines() {
        var plan = plan()
        submit(&plan, 1, [sequence(1), sequence(2)], timeout: .milliseconds(10))
        submit(&plan, 2, [sequence(2), sequence(3)], timeout: .milliseconds(50))
        submit(&plan, 3, [sequence(4)], timeout: .zero)
        #expect(answers(&plan) == [3: .failure(.deadlineExceeded)])
        #expect(plan.timeouts.next == start + .milliseconds(10))
        plan.expire(at: start + .milliseconds(9))
        #expect(plan.answers.isEmpty)
        plan.expire(at: start + .milliseconds(10))
        #expect(answers(&plan) == [1: .failure(.deadlineExceeded)])
        #expect(step(&plan, at: start + .milliseconds(20))?.sorted() == [2, 3])
        #expect(answers(&plan) == [2: .success([2, 3])])
        #expect(plan.counts.expiredRequests == 2 && plan.counts.expiredSequences == 2)
    }

    @Test("looks for late sequences itself before it hands out a batch")
    func lateRows() {
        var plan = plan()
        submit(&plan, 1, [sequence(1)], timeout: .milliseconds(10))
        submit(&plan, 2, [sequence(2)])
        #expect(step(&plan, at: start + .milliseconds(11)) == [2])
        #expect(answers(&plan)[1] == .failure(.deadlineExceeded))
    }

    @Test("answers at the deadline while the sequence is being computed, and drops the late result")
    func deadlineWhileRunning() throws {
        var plan = plan()
        submit(&plan, 1, [sequence(1)], timeout: .milliseconds(10))
        let taken = plan.takeBatch(idleWorkers: 1, at: start)
        let assignment = try #require(taken)
        plan.expire(at: start + .milliseconds(10))
        #expect(answers(&plan) == [1: .failure(.deadlineExceeded)])
        plan.finish(assignment.batch, [.success(1)], workers: 1, at: start + .milliseconds(20))
        #expect(plan.answers.isEmpty && plan.jobs.isEmpty)
    }

    @Test("computes no sequence that would be late by the measured speed while others wait; a sequence alone is tried")
    func lateBatches() {
        var plan = plan()
        plan.cost.observe(tokens: 100, seconds: 0.1)
        submit(&plan, 1, sequences(0..<1, tokens: 100), timeout: .milliseconds(150))
        submit(&plan, 2, sequences(1..<2, tokens: 100))
        #expect(step(&plan, at: start + .milliseconds(100)) == [1])
        #expect(answers(&plan) == [2: .success([1])])
        plan.expire(at: start + .milliseconds(150))
        #expect(answers(&plan) == [1: .failure(.deadlineExceeded)])
        #expect(plan.counts.expiredSequences == 1 && plan.counts.expiredRequests == 1)
        submit(&plan, 3, sequences(2..<3, tokens: 100), timeout: .milliseconds(50), after: .milliseconds(200))
        #expect(step(&plan, at: start + .milliseconds(200)) == [2])
    }

    // MARK: Admission

    @Test(
        "lets a request wait for admission as long as allowed, then refuses it; admits it earlier if there is capacity"
    )
    func line() {
        var plan = plan {
            $0.maxQueueSequences = 16; $0.maxBatchSequences = 4
        }
        for number in 0..<16 as Range<UInt64> { submit(&plan, number, [sequence(Int(number))]) }
        submit(&plan, 20, [sequence(20)])
        submit(&plan, 21, [sequence(21)], after: .milliseconds(10))
        submit(&plan, 22, [sequence(22)], timeout: .milliseconds(5), after: .milliseconds(10))
        #expect(plan.lines[0].count == 3 && plan.queue.sequenceCount == 16)
        plan.expire(at: start + .milliseconds(15))
        #expect(answers(&plan) == [22: .failure(.deadlineExceeded)])
        plan.expire(at: start + .milliseconds(20))
        let refusals = answers(&plan)
        guard case .failure(.overloaded(.queueFull, 16, 16, _))? = refusals[20], refusals.count == 1 else {
            return #expect(Bool(false), "\(refusals)")
        }
        step(&plan, at: start + .milliseconds(25))
        #expect(plan.lines[0].isEmpty && plan.queue.sequenceCount == 13)
        while step(&plan, at: start + .milliseconds(26)) != nil {}
        #expect(answers(&plan)[21] == .success([21]))
        #expect(plan.counts.refusedRequests == [.queueFull: 1])
    }

    @Test("refuses a request at once if it would wait in vain, and tells how long the queue needs")
    func measuredRefusal() throws {
        var plan = plan { $0.maxQueueTokens = 8000 }
        plan.cost.observe(tokens: 100, seconds: 0.1)
        submit(&plan, 1, sequences(0..<1, tokens: 8000))
        submit(&plan, 2, sequences(1..<2, tokens: 500))
        guard case .failure(.overloaded(.queueFull, 1, 8000, let wait))? = answers(&plan)[2] else {
            return #expect(Bool(false))
        }
        // 500 tokens too many, at 1,000 a second; the first 256 leave with the next batch.
        #expect(abs(wait.seconds - 0.244) < 0.001)
        submit(&plan, 3, sequences(2..<3, tokens: 10))
        #expect(plan.lines[0].count == 1)
        submit(&plan, 4, sequences(4..<5, tokens: 1000), timeout: .milliseconds(500))
        guard case .failure(.overloaded(.tooLate, _, _, let late))? = answers(&plan)[4] else {
            return #expect(Bool(false))
        }
        #expect(late > .zero)
        submit(&plan, 5, [sequence(5)], priority: .low)
        #expect(plan.queue[.low].sequenceCount == 1)
    }

    @Test("bounds the sequences whose results are held, for each priority")
    func heldSequences() {
        var plan = plan { $0.maxHeldSequences = 100 }
        submit(&plan, 1, sequences(0..<90))
        submit(&plan, 2, sequences(100..<120))
        submit(&plan, 3, sequences(200..<220), priority: .low)
        #expect(plan.lines[0].count == 1 && plan.lines[0].heldSequences == 90 && plan.lines[1].heldSequences == 20)
        while step(&plan) != nil {}
        #expect(answers(&plan).count == 3 && plan.lines.allSatisfy { $0.isEmpty && $0.heldSequences == 0 })
    }

    // MARK: The rest

    @Test("answers a sequence with a cached result without the engine, and counts it")
    func cache() {
        var plan = plan { $0.resultCacheBytes = 10_000 }
        submit(&plan, 1, [sequence(1)])
        step(&plan)
        submit(&plan, 2, [sequence(1), sequence(1)])
        #expect(answers(&plan) == [1: .success([1]), 2: .success([1, 1])])
        let cache = plan.statistics(at: start).cache
        #expect(cache.hits == 2 && cache.misses == 1 && cache.entries == 1 && cache.bytes > 100)
    }

    @Test("gives up a batch, answers its requests, and ignores the late result")
    func abandon() throws {
        var plan = plan()
        submit(&plan, 1, [sequence(1)])
        let taken = plan.takeBatch(idleWorkers: 1, at: start)
        let assignment = try #require(taken)
        plan.abandon(assignment.batch, error: SchedulerError.engineFailed("stuck"), at: start)
        let answer = try #require(plan.answers.first)
        let sequences = try answer.result.get().results
        #expect(throws: SchedulerError.engineFailed("stuck")) { try sequences[0].get() }
        plan.answers = []
        plan.finish(assignment.batch, [.success(1)], workers: 1, at: start)
        #expect(plan.answers.isEmpty && plan.running.isEmpty && plan.counts.failedBatches == 1)
        submit(&plan, 2, [sequence(1)])
        #expect(step(&plan) == [1])
    }

    @Test("answers every request once, and is empty in the end, whatever happens", arguments: 0..<20 as Range<UInt64>)
    func storm(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var plan = plan(workers: 2) {
            $0.maxQueueSequences = 40
            $0.maxHeldSequences = 200
            $0.maxBatchSequences = 8
            $0.resultCacheBytes = seed.isMultiple(of: 2) ? 5000 : 0
        }
        var (now, answered, next) = (start, Set<UInt64>(), UInt64(0))
        var running: [Plan.Assignment] = []
        func collect() {
            for answer in plan.answers { #expect(answered.insert(answer.request).inserted) }
            plan.answers = []
        }
        for turn in 0..<3000 {
            now = now + .milliseconds(Int.random(in: 0...3, using: &generator))
            switch Int.random(in: turn < 2500 ? 0..<8 : 3..<8, using: &generator) {
            case 0, 1, 2:
                let count = Int.random(in: 1...(turn.isMultiple(of: 20) ? 150 : 4), using: &generator)
                let sequences = (0..<count).map { _ in sequence(Int.random(in: 0..<300, using: &generator)) }
                let timeout = [nil, Duration.milliseconds(5), .milliseconds(50)].randomElement(using: &generator)
                let priority = Priority.allCases.randomElement(using: &generator) ?? .high
                plan.submit(
                    sequences,
                    as: next,
                    priority: priority,
                    deadline: (timeout ?? nil).map { now + $0 },
                    at: now
                )
                next += 1
            case 3: if next > 0 { plan.cancel(UInt64.random(in: 0..<next, using: &generator), at: now) }
            case 4: plan.expire(at: now)
            case 5 where !running.isEmpty:
                let done = running.removeFirst()
                plan.finish(done.batch, done.sequences.map { .success($0.task) }, workers: 1, at: now)
            case 6 where !running.isEmpty:
                plan.abandon(running.removeLast().batch, error: SchedulerError.engineFailed(""), at: now)
            default: if let taken = plan.takeBatch(idleWorkers: 1, at: now) { running.append(taken) }
            }
            collect()
        }
        for done in running { plan.finish(done.batch, done.sequences.map { .success($0.task) }, workers: 1, at: now) }
        while step(&plan, at: now) != nil {}
        plan.expire(at: now + .seconds(1))
        while step(&plan, at: now) != nil {}
        collect()
        #expect(
            answered.count == Int(next) && plan.requests.isEmpty && plan.queue.isEmpty
                && plan.lines.allSatisfy(\.isEmpty)
                && plan.jobs.isEmpty
        )
        #expect(plan.queue.tokenCount == 0 && plan.lines.allSatisfy { $0.heldSequences == 0 })
    }
}
