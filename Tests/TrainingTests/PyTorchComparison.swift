import Checkpoint
import Encoder
import JSON
import TestSupport
import Testing

@testable import Training

/// Compares a model's gradients with those of PyTorch in double precision.
func expectGradients(_ model: TrainableModel, of source: TrainableCheckpoint, in path: String) throws {
    let gradients = try Checkpoint(file: "\(path)/gradients.safetensors")
    #expect(gradients.tensorNames.count >= model.parameters.count)
    for parameter in model.parameters {
        let expected = try gradients.float32(source.outgoingName(parameter.name), shape: parameter.shape)
        let found = model.gradient(parameter)
        // In exact arithmetic some gradients are zero: those of keys' biases, and, where the first token attends to
        // itself alone, of all queries and keys.
        if expected.allSatisfy({ abs($0) < 1e-10 }) {
            #expect(found.allSatisfy { abs($0) < 1e-6 }, "\(parameter.name)")
        } else {
            // Below 1e-7, logits in single precision have no more digits.
            let largest = expected.reduce(0) { max($0, abs($1)) }
            let error = relativeError(found, expected) * largest
            #expect(error < max(1e-5 * largest, 1e-7), "\(parameter.name): \(error) of \(largest)")
        }
    }
}

/// Runs 200 steps of AdamW with a warm-up, weight decay and clipping, and compares each with that of PyTorch.
func expectSteps(
    _ model: TrainableModel,
    _ examples: [TokenizedExample],
    _ loss: Loss,
    _ run: JSONValue,
    of source: TrainableCheckpoint,
    in path: String
) throws {
    let order = (run["order"]?.numbers ?? []).map { Int($0) }
    var optimizer = AdamW()
    optimizer.weightDecay = 0.01
    let schedule = LearningRateSchedule(peak: 1e-3, warmupSteps: 20, totalSteps: 200)
    let (losses, norms, rates) = (
        run["loss"]?.numbers ?? [], run["grad_norm"]?.numbers ?? [], run["learning_rate"]?.numbers ?? []
    )
    #expect(losses.count == 200 && norms.count == 200 && rates.count == 200)
    for step in 0..<200 {
        let batch = order[4 * step..<4 * step + 4].map { examples[$0] }
        let value = model.computeGradients(batch, loss, dropoutSeed: nil)
        #expect(abs(value - losses[step]) < 1e-4, "step \(step)")
        let norm = model.gradientNorm()
        #expect(abs(norm - norms[step]) < 1e-3 * max(1, norms[step]), "step \(step)")
        let rate = schedule.rate(after: step)
        // The Trainer notes the rate of the step that follows, or of this one, by its version.
        #expect(min(abs(rate - rates[step]), abs(schedule.rate(after: step + 1) - rates[step])) < 1e-9)
        model.move { [optimizer] decays, _ in
            let clipping = optimizer.clipping(norm: norm)
            return optimizer.step(step + 1, learningRate: rate, decays: decays, gradientScale: clipping)
        }
    }
    let trained = try Checkpoint(file: "\(path)/trained.safetensors")
    for parameter in model.parameters {
        if parameter.name.contains("key.bias") || parameter.name.contains("k_lin.bias") { continue }
        let values = try trained.float32(source.outgoingName(parameter.name), shape: parameter.shape)
        let range = (values.max() ?? 0) - (values.min() ?? 0)
        let difference = zip(model.values(parameter), values).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(difference <= 1e-3 * range, "\(parameter.name): \(difference) of \(range)")
    }
}
