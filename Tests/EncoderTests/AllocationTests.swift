import AllocationCounter
import TestSupport
import Testing

@testable import Encoder

@Suite("The forward pass's memory")
struct AllocationTests {
    @Test("after the first batch a forward pass allocates nothing", arguments: EngineOptions.allOfThisMachine)
    func forward(_ options: EngineOptions) throws {
        let model = try TestModels.model(TestModels.configuration(), options: options).model
        var generator = SeededGenerator(seed: 12)
        let texts = TestModels.texts([40, 7, 23, 1, 40, 40], model.configuration, using: &generator)
        let workspace = model.makeWorkspace()
        _ = try model.run(
            TestModels.batch(texts),
            requests: Array(repeating: .pooled(.mean), count: 6),
            workspace: workspace
        )
        let block = try #require(workspace.packed.blocks.first)
        let before = allocations_of_this_thread()
        _ = model.forward(block, workspace: workspace, team: SoloTeam())
        #expect(allocations_of_this_thread() == before)
    }

    @Test("the counter sees allocations")
    func counter() {
        let before = allocations_of_this_thread()
        let values = Array(repeating: before, count: Int.random(in: 10...20))
        #expect(allocations_of_this_thread() > before || !allocations_are_counted(), "\(values.count)")
    }
}
