import Checkpoint
import Encoder
import JSON
import TestSupport
import Testing

@testable import Training

@Suite("Training steps")
struct OptimizingTests {
    @Test(
        "follow transformers' Trainer for 200 steps of AdamW with warm-up, weight decay and clipping",
        arguments: TrainingFixture.trainedNames
    )
    func trainer(name: String) throws {
        let fixture = try TrainingFixture(name)
        let run = try fixture.json("run.json")
        let examples = fixture.examples(run)
        let model = try fixture.model(examples)
        try expectSteps(model, examples, fixture.loss, run, of: fixture.source, in: fixture.path)
    }

    @Test("have the learning rates of transformers' schedules")
    func schedules() {
        let linear = LearningRateSchedule(.linear, peak: 2, warmupSteps: 4, totalSteps: 12)
        #expect((0...12).map { linear.rate(after: $0) } == [0, 0.5, 1, 1.5, 2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0])
        let cosine = LearningRateSchedule(.cosine, peak: 2, warmupSteps: 0, totalSteps: 4)
        #expect(abs(cosine.rate(after: 1) - 1.707_106_781) < 1e-8 && abs(cosine.rate(after: 4)) < 1e-12)
        let constant = LearningRateSchedule(.constant, peak: 2, warmupSteps: 4, totalSteps: 12)
        #expect(constant.rate(after: 0) == 2 && constant.rate(after: 12) == 2)
        let warm = LearningRateSchedule(.constantWithWarmup, peak: 2, warmupSteps: 4, totalSteps: 12)
        #expect(warm.rate(after: 1) == 0.5 && warm.rate(after: 12) == 2)
    }
}
