import Compute
import Dispatch
import Foundation
import Synchronization
import Testing
import Time

@testable import Batching

/// An engine that sums each sequence's ids. It can be told to wait, to fail as a whole or to fail for one sequence.
private struct SummingEngine: BatchEngine {
    struct Failure: Error {}

    final class Worker: BatchWorker {
        let engine: SummingEngine
        init(_ engine: SummingEngine) { self.engine = engine }

        func run(_ batch: Batch<String>, team: ThreadTeam) throws -> [Result<Int, any Error>] {
            engine.log.withLock { $0.append(batch.batchSize) }
            engine.started.signal()
            if batch.tasks.contains("wait") { engine.gate.wait() }
            if batch.tasks.contains("fail the batch") { throw Failure() }
            if batch.tasks.contains("miscount") { return [] }
            return (0..<batch.batchSize).map { sequence in
                if batch.tasks[sequence] == "fail the sequence" { return .failure(Failure()) }
                let ids = batch.inputIDs[sequence * batch.sequenceLength..<(sequence + 1) * batch.sequenceLength]
                return .success(ids.reduce(0) { $0 + Int($1) })
            }
        }
    }

    let gate = DispatchSemaphore(value: 0)
    let started = DispatchSemaphore(value: 0)
    let log = SharedLog()
    func makeWorker() -> Worker { Worker(self) }
    func teamSize(tokens: Int) -> Int { 1 }
    func bytes(of output: Int) -> Int { 8 }
}

private final class SharedLog: Sendable {
    private let batches = Mutex<[Int]>([])
    func withLock<R: Sendable>(_ body: (inout sending [Int]) -> sending R) -> R { batches.withLock(body) }
}

private func sequence(_ ids: [Int32], _ task: String = "") -> InputSequence<String> {
    InputSequence(inputIDs: ids, tokenTypeIDs: ids.map { _ in 0 }, task: task)
}

@Suite("The scheduler", .timeLimit(.minutes(10)))
struct BatchSchedulerTests {
    @Test("answers every sequence with its own result, in the order submitted")
    func order() async throws {
        let scheduler = BatchScheduler(engine: SummingEngine(), workers: 2, padTokenID: 0)
        let sequences = (0..<500).map { i in sequence(Array(repeating: Int32(i), count: 1 + i % 90)) }
        let result = try await scheduler.run(sequences)
        #expect(try result.results.map { try $0.get() } == (0..<500).map { $0 * (1 + $0 % 90) })
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("hands a single sequence to an idle worker at once")
    func noWaitingForCompany() async throws {
        let scheduler = BatchScheduler(engine: SummingEngine(), workers: 1, padTokenID: 0)
        _ = try await scheduler.run([sequence([1, 2])])
        let result = try await scheduler.run([sequence([1, 2])])
        // The time in which a thread wakes up, with a margin for a machine that runs the whole suite.
        #expect(result.queueTime < .seconds(1))
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("forms larger batches by itself while the worker is busy")
    func batchesUnderLoad() async throws {
        let engine = SummingEngine()
        let scheduler = BatchScheduler(engine: engine, workers: 1, padTokenID: 0)
        async let first = scheduler.run([sequence([1], "wait")])
        await waitFor { scheduler.statistics.busyWorkers == 1 }
        let others = (0..<8).map { i in Task { try await scheduler.run([sequence([Int32(i)])]) } }
        await waitFor { scheduler.statistics.waitingSequences == 8 }
        engine.gate.signal()
        _ = try await first
        for other in others { _ = try await other.value }
        #expect(engine.log.withLock { $0 } == [1, 8])
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("one sequence's failure affects no other sequence")
    func rowFailure() async throws {
        let scheduler = BatchScheduler(engine: SummingEngine(), workers: 1, padTokenID: 0)
        let result = try await scheduler.run([sequence([1]), sequence([2], "fail the sequence"), sequence([3])])
        #expect(throws: SummingEngine.Failure.self) { try result.results[1].get() }
        #expect(try result.results[0].get() == 1)
        #expect(try result.results[2].get() == 3)
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test(
        "a batch that fails, or is answered wrongly, answers every request it held and the worker goes on",
        arguments: ["fail the batch", "miscount"]
    )
    func batchFailure(_ fault: String) async throws {
        let scheduler = BatchScheduler(engine: SummingEngine(), workers: 1, padTokenID: 0)
        let result = try await scheduler.run([sequence([1]), sequence([2], fault)])
        for sequence in result.results { #expect(throws: (any Error).self) { try sequence.get() } }
        #expect(scheduler.statistics.failedBatches == 1)
        #expect(try await scheduler.run([sequence([7])]).results[0].get() == 7)
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("a full queue refuses in time, admits requests that waited, and admits new ones when there is capacity")
    func overload() async throws {
        var policy = BatchPolicy()
        policy.maxQueueSequences = 2
        let engine = SummingEngine()
        let scheduler = BatchScheduler(engine: engine, workers: 1, policy: policy, padTokenID: 0)
        async let held = scheduler.run([sequence([1], "wait")])
        await waitFor { scheduler.statistics.busyWorkers == 1 }
        async let second = scheduler.run([sequence([2])])
        async let third = scheduler.run([sequence([3])])
        await waitFor { scheduler.statistics.waitingSequences == 2 }
        let refused = await #expect(throws: SchedulerError.self) { try await scheduler.run([sequence([4])]) }
        guard case .overloaded(.queueFull, 2, 2, _)? = refused else { return #expect(Bool(false)) }
        #expect(scheduler.statistics.refusedRequests == [.queueFull: 1])
        engine.gate.signal()
        _ = try await (held, second, third)
        #expect(try await scheduler.run([sequence([4])]).results[0].get() == 4)
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("answers at the deadline while the worker is busy with something else, and computes nothing for it")
    func deadline() async throws {
        let engine = SummingEngine()
        let scheduler = BatchScheduler(engine: engine, workers: 1, padTokenID: 0)
        async let held = scheduler.run([sequence([1], "wait")])
        await waitFor { scheduler.statistics.busyWorkers == 1 }
        let start = Instant.now
        await #expect(throws: SchedulerError.deadlineExceeded) {
            try await scheduler.run([sequence([2])], deadline: start + .milliseconds(50))
        }
        // The worker is busy until the gate opens, so the worker cannot have answered.
        #expect(start.duration(to: .now) >= .milliseconds(50) && scheduler.statistics.busyWorkers == 1)
        engine.gate.signal()
        _ = try await held
        #expect(engine.log.withLock { $0 } == [1])
        #expect(scheduler.statistics.expiredRequests == 1 && scheduler.statistics.expiredSequences == 1)
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("computes equal sequences of two requests once, also when one of them is cancelled")
    func equalRows() async throws {
        let engine = SummingEngine()
        let scheduler = BatchScheduler(engine: engine, workers: 1, padTokenID: 0)
        async let held = scheduler.run([sequence([1], "wait")])
        await waitFor { scheduler.statistics.busyWorkers == 1 }
        let first = Task { try await scheduler.run([sequence([7])]) }
        await waitFor { scheduler.statistics.waitingSequences == 1 }
        let second = Task { try await scheduler.run([sequence([7])]) }
        await waitFor { scheduler.statistics.sharedSequences == 1 }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        engine.gate.signal()
        #expect(try await second.value.results[0].get() == 7)
        _ = try await held
        #expect(engine.log.withLock { $0 } == [1, 1])
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("a cancelled request is dropped before compute and answered at once")
    func cancellation() async throws {
        let engine = SummingEngine()
        let scheduler = BatchScheduler(engine: engine, workers: 1, padTokenID: 0)
        async let held = scheduler.run([sequence([1], "wait")])
        await waitFor { scheduler.statistics.busyWorkers == 1 }
        let unwanted = Task { try await scheduler.run([sequence([2]), sequence([3])]) }
        await waitFor { scheduler.statistics.waitingSequences == 2 }
        unwanted.cancel()
        await #expect(throws: CancellationError.self) { try await unwanted.value }
        #expect(scheduler.statistics.waitingSequences == 0)
        #expect(scheduler.statistics.cancelledSequences == 2)
        engine.gate.signal()
        _ = try await held
        #expect(engine.log.withLock { $0 } == [1])
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("shutting down finishes waiting requests or answers them, and refuses later ones", arguments: [true, false])
    func shutDown(finishing: Bool) async throws {
        let engine = SummingEngine()
        let scheduler = BatchScheduler(engine: engine, workers: 1, padTokenID: 0)
        let held = Task { try await scheduler.run([sequence([1], "wait")]) }
        await waitFor { scheduler.statistics.busyWorkers == 1 }
        let waiting = Task { try await scheduler.run([sequence([5])]) }
        await waitFor { scheduler.statistics.waitingSequences == 1 }
        let ended = Task { await scheduler.shutDown(finishingQueue: finishing) }
        if !finishing {
            await #expect(throws: SchedulerError.stopping) { try await waiting.value }
        }
        engine.gate.signal()
        await ended.value
        #expect(try await held.value.results[0].get() == 1)
        if finishing { #expect(try await waiting.value.results[0].get() == 5) }
        await #expect(throws: SchedulerError.stopping) { try await scheduler.run([sequence([6])]) }
    }

    @Test("loses no sequence when many tasks submit and cancel at random")
    func storm() async throws {
        let scheduler = BatchScheduler(engine: SummingEngine(), workers: 2, padTokenID: 0)
        let answered = await withTaskGroup(of: Bool.self) { group in
            for i in 0..<2000 {
                group.addTask {
                    let task = Task { try await scheduler.run([sequence([Int32(i), 1]), sequence([Int32(i)])]) }
                    if i % 3 == 0 { task.cancel() }
                    switch await task.result {
                    case .success(let result): return (try? result.results.map { try $0.get() }) == [i + 1, i]
                    case .failure(let error): return error is CancellationError && i % 3 == 0
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answered == 2000)
        #expect(scheduler.statistics.waitingSequences == 0)
        await scheduler.shutDown(finishingQueue: true)
    }

    private func waitFor(_ condition: @Sendable () -> Bool) async {
        while !condition() { try? await Task.sleep(for: .milliseconds(1)) }
    }
}
