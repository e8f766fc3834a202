import Compute
import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import Batching

/// An engine that counts each sequence's tokens. Batches with the task "hang" wait at the gate; batches with "fail"
/// fail as a whole.
private struct HangingEngine: BatchEngine {
    struct Failure: Error {}

    final class Worker: BatchWorker {
        let engine: HangingEngine
        init(_ engine: HangingEngine) { self.engine = engine }

        func run(_ batch: Batch<String>, team: ThreadTeam) throws -> [Result<Int, any Error>] {
            if batch.tasks.contains("hang") {
                engine.hanging.add()
                engine.gate.wait()
                engine.returned.add()
            }
            if batch.tasks.contains("help") {
                team.run { [engine] member in
                    guard member > 0 else { return }
                    engine.hanging.add()
                    engine.gate.wait()
                    engine.returned.add()
                }
            }
            if batch.tasks.contains("fail") { throw Failure() }
            return (0..<batch.batchSize).map { _ in .success(batch.sequenceLength) }
        }
    }

    let gate = DispatchSemaphore(value: 0)
    let hanging = Counter()
    let returned = Counter()
    let made = Counter()

    func makeWorker() -> Worker {
        made.add()
        return Worker(self)
    }
    func teamSize(tokens: Int) -> Int { 2 }
    func bytes(of output: Int) -> Int { 8 }
}

private func sequence(_ task: String = "") -> InputSequence<String> {
    InputSequence(inputIDs: [1, 2], tokenTypeIDs: [0, 0], task: task)
}

/// Whether a condition becomes true within a few seconds.
private func becomesTrue(_ condition: () -> Bool) async throws -> Bool {
    for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
    return condition()
}

@Suite("A stuck worker", .timeLimit(.minutes(10)))
struct WatchdogTests {
    private let engine = HangingEngine()

    /// Two looks: the first notices the batch, the second finds it there for longer than the limit.
    private func look(_ scheduler: BatchScheduler<HangingEngine>) -> Int {
        scheduler.giveUpStuckWorkers(after: .seconds(30), elapsed: .seconds(1))
            + scheduler.giveUpStuckWorkers(after: .seconds(30), elapsed: .seconds(30))
    }

    @Test("has its sequences answered with an error, is replaced, and its late result is dropped")
    func replaced() async throws {
        let reports = Counter()
        let scheduler = BatchScheduler(engine: engine, workers: 1, maxReplacements: 1, padTokenID: 0) { _ in
            reports.add()
        }
        async let stuck = scheduler.run([sequence("hang")])
        #expect(try await becomesTrue { engine.hanging.value == 1 })
        async let waiting = scheduler.run([sequence()])
        #expect(try await becomesTrue { scheduler.statistics.waitingSequences == 1 })
        #expect(look(scheduler) == 1)
        let sequences = try await stuck.results
        #expect(throws: SchedulerError.engineFailed("a batch did not end within 30.0 seconds")) {
            try sequences[0].get()
        }
        #expect(try await waiting.results[0].get() == 2)
        #expect(scheduler.statistics.replacedWorkers == 1)
        #expect(scheduler.statistics.liveWorkers == 1)

        engine.gate.signal()
        #expect(try await becomesTrue { engine.returned.value == 1 })
        #expect(try await scheduler.run([sequence()]).results[0].get() == 2)
        // The end waits for the replacement only, and the late batch was not reported.
        await scheduler.shutDown(finishingQueue: true)
        #expect(reports.value == 2)
    }

    @Test("is left alone as long as its batch is within the limit, however long the process was stopped")
    func patience() async throws {
        let scheduler = BatchScheduler(engine: engine, workers: 1, maxReplacements: 1, padTokenID: 0)
        async let slow = scheduler.run([sequence("hang")])
        #expect(try await becomesTrue { engine.hanging.value == 1 })
        #expect(scheduler.giveUpStuckWorkers(after: .seconds(30), elapsed: .seconds(3600)) == 0)
        #expect(scheduler.giveUpStuckWorkers(after: .seconds(30), elapsed: .seconds(29)) == 0)
        engine.gate.signal()
        #expect(try await slow.results[0].get() == 2)
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("is replaced together with the workers that help it")
    func helpers() async throws {
        let scheduler = BatchScheduler(engine: engine, workers: 2, maxReplacements: 2, padTokenID: 0)
        #expect(try await becomesTrue { scheduler.idleWorkers == 2 })
        async let stuck = scheduler.run([sequence("help")])
        #expect(try await becomesTrue { engine.hanging.value == 1 })
        #expect(look(scheduler) == 2)
        let sequences = try await stuck.results
        #expect(throws: SchedulerError.self) { try sequences[0].get() }
        #expect(try await becomesTrue { scheduler.idleWorkers == 2 })
        #expect(scheduler.statistics.busyWorkers == 0)
        engine.gate.signal()
        #expect(try await becomesTrue { engine.returned.value == 1 })
        #expect(try await scheduler.run([sequence()]).results[0].get() == 2)
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("is not replaced without end: when no worker is left, waiting and new requests are answered with an error")
    func exhausted() async throws {
        let scheduler = BatchScheduler(engine: engine, workers: 1, maxReplacements: 1, padTokenID: 0)
        let first = Task { try await scheduler.run([sequence("hang")]) }
        #expect(try await becomesTrue { engine.hanging.value == 1 })
        #expect(look(scheduler) == 1)
        let second = Task { try await scheduler.run([sequence("hang")]) }
        #expect(try await becomesTrue { engine.hanging.value == 2 })
        let waiting = Task { try await scheduler.run([sequence()]) }
        #expect(try await becomesTrue { scheduler.statistics.waitingSequences == 1 })
        #expect(look(scheduler) == 1)
        for stuck in [first, second] {
            let sequences = try await stuck.value.results
            #expect(throws: SchedulerError.self) { try sequences[0].get() }
        }
        await #expect(throws: SchedulerError.self) { try await waiting.value }
        #expect(scheduler.statistics.liveWorkers == 0)
        #expect(scheduler.statistics.lostWorkers == 1)
        await #expect(throws: SchedulerError.self) { try await scheduler.run([sequence()]) }
        await scheduler.shutDown(finishingQueue: true)
        for _ in 0..<2 { engine.gate.signal() }
    }

    @Test("is replaced when several batches in a row fail, and the count of failures restarts after a success")
    func failing() async throws {
        let scheduler = BatchScheduler(engine: engine, workers: 1, padTokenID: 0)
        for count in 1...4 {
            let result = try await scheduler.run([sequence("fail")])
            #expect(throws: HangingEngine.Failure.self) { try result.results[0].get() }
            #expect(scheduler.statistics.failuresInARow == count)
        }
        #expect(engine.made.value == 2)
        #expect(scheduler.statistics.replacedWorkers == 1)
        #expect(try await scheduler.run([sequence()]).results[0].get() == 2)
        #expect(scheduler.statistics.failuresInARow == 0)
        await scheduler.shutDown(finishingQueue: true)
    }
}
