import Encoder
import TestSupport
import Testing

@Suite("A text's result does not depend on its batch")
struct BatchInvarianceTests {
    @Test("alone, in a batch, and in another order, each text gets the same hidden states")
    func order() throws {
        let configuration = try TestModels.configuration(["num_hidden_layers": "4", "max_position_embeddings": "300"])
        let (model, _) = try TestModels.model(configuration)
        var generator = SeededGenerator(seed: 3)
        // More tokens than a block holds, a text longer than a block among them.
        let lengths = [5, 120, 1, 300, 64, 2, 33, 90, 90, 7, 255, 1]
        let texts = TestModels.texts(lengths, configuration, using: &generator)
        let order = Array(texts.indices).shuffled(using: &generator)
        let together = try model.results(TestModels.batch(texts), .lastHiddenState)
        let shuffled = try model.results(TestModels.batch(order.map { texts[$0] }), .lastHiddenState)
        // One comparison each over all texts: a unit's range is not that of a text of one token.
        var inBatch = Comparison(width: 32)
        var inShuffledBatch = inBatch
        for (place, row) in order.enumerated() {
            let alone = try #require(try model.results(TestModels.batch([texts[row]]), .lastHiddenState).first)
            let reference = try alone.get().values.map { Double($0) }
            inBatch.add(reference, try together[row].get().values[...])
            inShuffledBatch.add(reference, try shuffled[place].get().values[...])
        }
        #expect(inBatch.worst <= 1e-5)
        #expect(inShuffledBatch.worst <= 1e-5)
    }

    @Test("what stands in the padding is never read, ids that no table has included")
    func padding() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        var generator = SeededGenerator(seed: 4)
        let texts = TestModels.texts([4, 9, 1], model.configuration, using: &generator)
        let zeros = try model.results(TestModels.batch(texts), .lastHiddenState)
        for filler in [Int32(7), -1, .max, .min] {
            #expect(try model.results(TestModels.batch(texts, filler: filler), .lastHiddenState) == zeros)
        }
    }

    @Test("a workspace that held a larger batch gives the same result as a new one, and grows no further")
    func workspace() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        var generator = SeededGenerator(seed: 6)
        let large = TestModels.batch(TestModels.texts([40, 40, 12], model.configuration, using: &generator))
        let small = TestModels.batch(TestModels.texts([3, 5], model.configuration, using: &generator))
        let fresh = try model.results(small, .pooled(.mean))
        let workspace = model.makeWorkspace()
        let requests = Array(repeating: OutputRequest.pooled(.mean), count: 3)
        _ = try model.run(large, requests: requests, workspace: workspace)
        let capacity = workspace.capacity
        for _ in 0..<3 {
            #expect(try model.run(small, requests: Array(requests.prefix(2)), workspace: workspace) == fresh)
            _ = try model.run(large, requests: requests, workspace: workspace)
            #expect(workspace.capacity == capacity)
        }
    }
}
