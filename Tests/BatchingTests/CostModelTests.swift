import TestSupport
import Testing

@testable import Batching

@Suite("The cost model")
struct CostModelTests {
    private func model(_ batches: [(tokens: Int, seconds: Double)]) -> CostModel {
        var model = CostModel()
        for batch in batches { model.observe(tokens: batch.tokens, seconds: batch.seconds) }
        return model
    }

    @Test("finds the cost of a batch and of a token in noisy measurements")
    func line() throws {
        var generator = SeededGenerator(seed: 3)
        let batches = (0..<500).map { _ in
            let tokens = Int.random(in: 20...600, using: &generator)
            let noise = Double.random(in: 0.9...1.1, using: &generator)
            return (tokens, (0.004 + 0.0005 * Double(tokens)) * noise)
        }
        let model = model(batches)
        #expect(abs(model.secondsPerAddedToken - 0.0005) < 0.00003)
        #expect(abs(model.secondsPerBatch - 0.004) < 0.004)
        let fitting = try #require(model.tokens(within: 0.1))
        #expect((180...205).contains(fitting))
    }

    @Test("attributes the whole cost to tokens if all batches have one size, and no cost if there were none")
    func oneSize() {
        let model = model(Array(repeating: (100, 0.05), count: 20))
        #expect(abs(model.secondsPerAddedToken - 0.0005) < 1e-9 && model.secondsPerBatch == 0)
        #expect(abs(model.secondsPerToken - 0.0005) < 1e-9)
        #expect(CostModel().tokens(within: 1) == nil && !CostModel().isKnown && CostModel().seconds(tokens: 9) == 0)
    }

    @Test("follows an engine that becomes slower within some thousands of tokens")
    func change() {
        let before = Array(repeating: (200, 0.1), count: 500)
        let after = Array(repeating: (200, 0.4), count: 500)
        #expect(abs(model(before + after).secondsPerToken - 0.002) < 0.0001)
    }

    @Test("does not take the cost of probes for the cost of batches")
    func probes() {
        let batches = [(500, 0.25), (100, 0.06), (300, 0.155), (500, 0.255)]
        let model = model(batches + Array(repeating: (1, 0.02), count: 300))
        #expect((0.00045...0.0006).contains(model.secondsPerAddedToken))
    }

    @Test("is never negative, and impossible measurements do not stop it")
    func impossible() {
        var generator = SeededGenerator(seed: 5)
        var model = CostModel()
        for _ in 0..<2000 {
            model.observe(
                tokens: Int.random(in: 0...900, using: &generator),
                seconds: Double.random(in: -0.1...1, using: &generator)
            )
            #expect(model.secondsPerBatch >= 0 && model.secondsPerAddedToken >= 0 && model.secondsPerToken >= 0)
            #expect(model.secondsPerAddedToken.isFinite && (model.tokens(within: 0.25) ?? 0) >= 0)
        }
    }
}
