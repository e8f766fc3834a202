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
        let order = (run["order"]?.numbers ?? []).map { Int($0) }
        let model = try fixture.model(examples)
        var optimizer = AdamW()
        optimizer.weightDecay = 0.01
        let schedule = LearningRateSchedule(peak: 1e-3, warmupSteps: 20, totalSteps: 200)
        let expected = (
            run["loss"]?.numbers ?? [], run["grad_norm"]?.numbers ?? [], run["learning_rate"]?.numbers ?? []
        )
        #expect(expected.0.count == 200 && expected.1.count == 200 && expected.2.count == 200)
        for step in 0..<200 {
            let batch = order[4 * step..<4 * step + 4]
            let loss = model.computeGradients(
                batch.map { examples[$0] },
                fixture.loss,
                dropoutSeed: nil
            )
            #expect(abs(loss - expected.0[step]) < 1e-4, "step \(step)")
            let norm = model.gradientNorm()
            #expect(abs(norm - expected.1[step]) < 1e-3 * max(1, expected.1[step]), "step \(step)")
            let rate = schedule.rate(after: step)
            // The Trainer notes the rate of the step that follows, or of this one, by its version.
            #expect(min(abs(rate - expected.2[step]), abs(schedule.rate(after: step + 1) - expected.2[step])) < 1e-9)
            model.move { [optimizer] decays, _ in
                optimizer.step(
                    step + 1,
                    learningRate: rate,
                    decays: decays,
                    gradientScale: optimizer.clipping(norm: norm)
                )
            }
        }
        let trained = try Checkpoint(file: "\(fixture.path)/trained.safetensors")
        for parameter in model.parameters {
            if parameter.name.contains("key.bias") || parameter.name.contains("k_lin.bias") { continue }
            let values = try trained.float32(fixture.source.outgoingName(parameter.name), shape: parameter.shape)
            let range = (values.max() ?? 0) - (values.min() ?? 0)
            let difference = zip(model.values(parameter), values).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference <= 1e-3 * range, "\(parameter.name): \(difference) of \(range)")
        }
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
