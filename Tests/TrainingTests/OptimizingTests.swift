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

    @Test("leave a curve of at most 256 means of their losses, whose sum is that of all losses")
    func curve() throws {
        var curve = LossCurve()
        for step in 0..<2000 {
            curve.append(Double(step % 7))
            #expect(curve.points.count <= LossCurve.most && curve.points.last?.step == step + 1)
            #expect(LossCurve(width: curve.width, steps: curve.steps, sums: curve.sums) == curve)
        }
        #expect(curve.width == 8 && curve.points.count == 250)
        let sum = (0..<2000).reduce(0) { $0 + $1 % 7 }
        #expect(curve.sums.reduce(0, +) == Double(sum))
        #expect(curve.points[0].step == 8 && curve.points[0].loss == 21.0 / 8)
        #expect(LossCurve(width: 8, steps: 2001, sums: curve.sums) == nil)
        #expect(LossCurve(width: 8, steps: 1992, sums: curve.sums) == nil)
    }
}
