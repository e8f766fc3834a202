import Checkpoint
import Encoder
import JSON
import LinearAlgebra
import TestSupport
import Testing

@testable import Training

@Suite("Gradients")
struct GradientTests {
    @Test(
        "of every parameter are PyTorch's in double precision, to 1e-5 of a tensor's largest",
        arguments: TrainingFixture.names + TrainingFixture.headNames,
        [("baseline", 1), ("avx2", 1), ("avx2", 2), ("avx512", 1), ("avx512", 2)]
    )
    func autograd(name: String, team: (kernels: String, members: Int)) throws {
        // Of the sets that this CPU has.
        guard let kernels = try TrainingKernels(name: team.kernels) else { return }
        let members = team.members
        let fixture = try TrainingFixture(name)
        let batch = try fixture.json("batch.json")
        let examples = fixture.examples(batch)
        let model = try fixture.model(examples, members: members, kernels: kernels)
        let loss = model.computeGradients(
            examples,
            fixture.loss,
            dropoutSeed: nil
        )
        let expectedLoss = try #require(batch["loss"]?.double)
        #expect(abs(loss - expectedLoss) < 1e-5 * max(1, expectedLoss))
        try expectGradients(model, of: fixture.source, in: fixture.path)
    }

    @Test("are the slopes of the loss", arguments: ["bert", "mobilebert", "mobilebert-layer-norm"])
    func finiteDifferences(name: String) throws {
        let fixture = try TrainingFixture(name)
        let batch = try fixture.json("batch.json")
        let examples = fixture.examples(batch)
        let model = try fixture.model(examples)
        _ = model.computeGradients(examples, fixture.loss, dropoutSeed: nil)
        // Along its gradient, a tensor's slope is the gradient's norm.
        for parameter in model.parameters {
            let gradient = model.gradient(parameter)
            let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard norm > 1e-3 else { continue }
            let values = model.values(parameter)
            var losses: [Double] = []
            let step = min(0.01 / norm, 0.01)
            for sign in [-1.0, 1] {
                model.write(parameter) { moved in
                    for index in moved.indices {
                        moved[index] = values[index] + Float(sign * step * Double(gradient[index]) / norm)
                    }
                }
                losses.append(fixture.loss.evaluate(model.output(examples), examples).loss)
            }
            model.write(parameter) { for index in $0.indices { $0[index] = values[index] } }
            let slope = (losses[1] - losses[0]) / (2 * step)
            #expect(abs(slope - norm) < 0.02 * norm + 1e-3, "\(parameter.name): \(slope) for \(norm)")
        }
    }

    @Test("of two batches add up, and those of a frozen part are left out")
    func accumulation() throws {
        let fixture = try TrainingFixture("distilbert")
        let batch = try fixture.json("batch.json")
        let examples = fixture.examples(batch)
        let whole = try fixture.model(examples)
        _ = whole.computeGradients(examples, fixture.loss, dropoutSeed: nil)
        let parts = try fixture.model(examples, training: .last(1))
        for (start, accumulating) in [(0, false), (2, true)] {
            _ = parts.computeGradients(
                Array(examples[start..<start + 2]),
                fixture.loss,
                dropoutSeed: nil,
                accumulating: accumulating,
                factor: 0.5
            )
        }
        #expect(!parts.parameters.filter(\.isTrained).isEmpty)
        for (a, b) in zip(parts.parameters, whole.parameters) {
            #expect(a.isTrained == !(a.name.contains("embeddings") || a.name.contains("layer.0.")), "\(a.name)")
            guard a.isTrained, !a.name.contains("k_lin.bias") else { continue }
            #expect(relativeError(parts.gradient(a), whole.gradient(b)) < 1e-5, "\(a.name)")
        }
        var total = 0.0
        for parameter in parts.parameters where parameter.isTrained {
            for value in parts.gradient(parameter) { total += Double(value) * Double(value) }
        }
        #expect(abs(parts.gradientNorm() - total.squareRoot()) < 1e-6 * total.squareRoot())
    }

    @Test("of tied embeddings add up over batches, and over both of their uses", arguments: ["bert", "mobilebert"])
    func tiedAccumulation(name: String) throws {
        let fixture = try TrainingFixture("\(name)-masked")
        let examples = fixture.examples(try fixture.json("batch.json"))
        let (whole, parts) = (try fixture.model(examples), try fixture.model(examples, members: 2))
        let halves = [Array(examples.prefix(3)), Array(examples.dropFirst(3))]
        let counts = halves.map { half in Double(half.reduce(0) { $0 + $1.target.labels.count }) }
        _ = whole.computeGradients(examples, fixture.loss, dropoutSeed: nil)
        for (index, half) in halves.enumerated() {
            // Each batch's loss is the mean over its own tokens.
            _ = parts.computeGradients(
                half,
                fixture.loss,
                dropoutSeed: nil,
                accumulating: index > 0,
                factor: counts[index] / (counts[0] + counts[1])
            )
        }
        for (a, b) in zip(parts.parameters, whole.parameters) where !a.name.contains("key.bias") {
            #expect(relativeError(parts.gradient(a), whole.gradient(b)) < 1e-5, "\(a.name)")
        }
        let before = parts.values(parts.parameters[0])
        parts.move { decays, _ in AdamW().step(1, learningRate: 0.1, decays: decays, gradientScale: 1) }
        // Every row is in the decoder's product, so every row moves.
        let moved = zip(before, parts.values(parts.parameters[0])).filter { $0 != $1 }
        #expect(Double(moved.count) > 0.99 * Double(before.count))
    }

    @Test("by dropout are the slopes of the loss with the same values dropped")
    func dropout() throws {
        let fixture = try TrainingFixture("bert")
        let batch = try fixture.json("batch.json")
        let examples = fixture.examples(batch)
        let (one, two) = try (
            fixture.model(examples, dropout: fixture.source.training),
            fixture.model(examples, members: 2, dropout: fixture.source.training)
        )
        let loss = { (model: TrainableModel, seed: UInt64) in
            model.computeGradients(examples, fixture.loss, dropoutSeed: seed)
        }
        let first = loss(one, 7)
        #expect(abs(loss(two, 7) - first) < 1e-6)
        #expect(abs(loss(one, 8) - first) > 1e-4)
        #expect(loss(one, 7) == first)
        for (a, b) in zip(one.parameters, two.parameters) where !a.name.contains("key.bias") {
            #expect(relativeError(two.gradient(b), one.gradient(a)) < 1e-5, "\(a.name)")
        }
        let parameter = try #require(one.parameters.first { $0.name.contains("layer.0.intermediate.dense.weight") })
        let (values, gradient) = (one.values(parameter), one.gradient(parameter))
        var square = 0.0
        for value in gradient { square += Double(value) * Double(value) }
        var losses: [Double] = []
        for factor in [Float(-0.01), 0.01] {
            one.write(parameter) { moved in
                for index in moved.indices { moved[index] = values[index] + factor * gradient[index] }
            }
            losses.append(loss(one, 7))
        }
        #expect(abs((losses[1] - losses[0]) / 0.02 - square) < 0.02 * square)
    }
}
