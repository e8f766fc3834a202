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

    /// Counts the leader's allocations from one step to the next.
    private final class AllocationObserver: TrainingObserver {
        var isInterrupted: Bool { false }
        private(set) var counts: [Int64] = []
        private var last: Int64?

        init() { counts.reserveCapacity(100) }

        func completed(_: StepReport) {
            let now = allocations_of_this_thread()
            if let last { counts.append(now - last) }
            last = now
        }
        func logged(_: LogEntry) {}
        func evaluating(_: Int, of _: Int) {}
        func evaluated(_: Evaluation, isBest _: Bool) {}
        func save(_: TrainingState) {}
    }

    @Test(
        "allocate nothing in any step after the first, over several epochs with batches of other sizes",
        arguments: [
            "bert", "bert-multilabel", "bert-regression", "distilbert", "mobilebert", "mobilebert-layer-norm",
            "bert-tokens", "mobilebert-answers", "bert-masked", "mobilebert-masked", "distilbert-choices",
        ],
        [1, 2]
    )
    func allocations(name: String, members: Int) throws {
        let fixture = try TrainingFixture(name)
        let examples = fixture.examples(try fixture.json("batch.json"))
        var settings = TrainingSettings(fixture.loss.kind)
        if fixture.loss.kind == .maskedTokens { settings.masking = Masking(maskID: 3, vocabularySize: 20) }
        try expectNoAllocations(
            fixture.model(examples, members: members, dropout: fixture.source.training),
            examples,
            settings
        )
    }

    @Test("allocate nothing either where they compare vectors", arguments: [false, true])
    func similarityAllocations(haveScores: Bool) throws {
        let fixture = try TrainingFixture("bert")
        let texts = fixture.examples(try fixture.json("batch.json")).flatMap(\.sequences)
        let examples = (0..<8).map { number in
            let pair = [texts[number % texts.count], texts[(number + 1) % texts.count]]
            return TokenizedExample(pair, haveScores ? .values([Float(number % 3)]) : .none)
        }
        let model = try TrainableModel(
            fixture.source.configuration,
            fixture.source.training,
            head: .sentenceEmbedding([.mean, .max]),
            capacity: TrainingSet(examples).capacity(batchSize: examples.count, members: 1)
        )
        for parameter in model.parameters { model.initialize(parameter, range: 0.1, seed: 1) }
        let measured: PairKind = haveScores ? .scored : .positives
        try expectNoAllocations(model, examples, TrainingSettings(.similarity(scale: 20, measured: measured)))
    }

    private func expectNoAllocations(
        _ model: TrainableModel,
        _ examples: [TokenizedExample],
        _ settings: TrainingSettings
    ) throws {
        var settings = settings
        (settings.batchSize, settings.accumulation, settings.maxSteps, settings.saving) = (1, 2, 12, .never)
        // The first run of a process makes the run-time metadata of types.
        for isFirst in [true, false] {
            var run = TrainingRun(model, training: TrainingSet(examples), validation: nil, settings: settings)
            let observer = AllocationObserver()
            #expect(try run.run(observer) == .completed)
            let counts = observer.counts
            #expect(counts.count == 11 && (isFirst || counts.allSatisfy { $0 == 0 }), "\(counts)")
        }
    }
}
