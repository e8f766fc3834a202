import AllocationCounter
import Encoder
import LinearAlgebra
import Testing

@testable import Training

@Suite("Training runs")
struct TrainingRunTests {
    private final class Observer: TrainingObserver {
        var isInterrupted: Bool { false }
        private(set) var losses: [Double] = []
        func completed(_ step: StepReport) { losses.append(step.loss) }
        func logged(_: LogEntry) {}
        func evaluating(_: Int, of _: Int) {}
        func evaluated(_: Evaluation, isBest _: Bool) {}
        func save(_: TrainingState) {}
    }

    /// Losses and final weights of some steps with dropout.
    private func run(seed: UInt64, members: Int) throws -> (losses: [Double], weights: [[Float]]) {
        let fixture = try TrainingFixture("bert")
        let file = try fixture.json("run.json")
        let examples = fixture.examples(file)
        let model = try fixture.model(examples, members: members, dropout: fixture.source.training)
        var settings = TrainingSettings(.sequences(.singleLabel))
        (settings.seed, settings.batchSize, settings.maxSteps, settings.learningRate) = (seed, 4, 20, 1e-3)
        let set = TrainingSet(examples)
        var run = TrainingRun(model, training: set, validation: nil, settings: settings)
        let observer = Observer()
        #expect(try run.run(observer) == .completed)
        return (observer.losses, model.parameters.map { model.values($0) })
    }

    @Test("with one seed and number of threads have the same bits, and with another seed others", arguments: [1, 3])
    func seeds(members: Int) throws {
        let (first, second) = try (run(seed: 5, members: members), run(seed: 5, members: members))
        #expect(first.losses == second.losses && first.losses.count == 20)
        for (a, b) in zip(first.weights, second.weights) {
            #expect(zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern })
        }
        #expect(try run(seed: 6, members: members).losses != first.losses)
    }

    @Test("allocate the same number of times in each step after the first")
    func allocations() throws {
        var counts: [String: Set<Int64>] = [:]
        for name in ["bert", "mobilebert"] {
            let fixture = try TrainingFixture(name)
            let batch = try fixture.json("batch.json")
            let examples = fixture.examples(batch)
            // On the thread that counts.
            let model = try fixture.model(examples, members: 1, dropout: fixture.source.training)
            let set = TrainingSet(examples)
            let settings = TrainingSettings(.sequences(.singleLabel))
            var run = TrainingRun(model, training: set, validation: nil, settings: settings)
            for step in 0..<4 {
                let before = allocations_of_this_thread()
                let report = run.step([0, 1, 2, 3])
                if step > 0 { counts[name, default: []].insert(allocations_of_this_thread() - before) }
                #expect(report != nil)
            }
        }
        for (name, counts) in counts { #expect(counts.count == 1, "\(name): \(counts)") }
    }
}
