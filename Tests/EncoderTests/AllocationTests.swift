import AllocationCounter
import Compute
import TestSupport
import Testing

@testable import Encoder

@Suite("The forward pass's memory")
struct AllocationTests {
    @Test(
        "no block allocates, on no thread of its team, however much larger it is than those before",
        arguments: ComputeOptions.allOfThisMachine,
        [1, 2, 3]
    )
    func forward(_ options: ComputeOptions, members: Int) throws {
        let model = try TestModels.model(
            TestModels.configuration(["max_position_embeddings": "300"]),
            options: options
        ).model
        let longest = model.configuration.maxPositionEmbeddings
        let workspace = model.makeWorkspace(threads: members)
        let capacity = workspace.capacity
        let team = ThreadTeam(startingThreads: members, named: "team")
        defer { team.dismiss() }
        var generator = SeededGenerator(seed: 12)
        // The first run warms the process up: the runtime and OpenBLAS set some memory up once.
        for lengths in [[3], [3], [1, 1], [7, 23, 40], [longest], Array(repeating: 1, count: 256), [200, 56]] {
            let texts = TestModels.texts(lengths, model.configuration, using: &generator)
            _ = model.run(TestModels.batch(texts, texts.map { _ in .pooled(.mean) }), workspace: workspace)
            let block = try #require(workspace.packed.blocks.first)
            let passes = model.passes(of: block, workspace: workspace, threads: members)
            let allocations = Counter()
            team.run { member in
                guard member < passes.count else { return }
                let before = allocations_of_this_thread()
                model.forward(passes[member], snapshots: [])
                allocations.add(Int(allocations_of_this_thread() - before))
            }
            if lengths != [3] { #expect(allocations.value == 0, "lengths \(lengths.prefix(4))") }
        }
        #expect(workspace.capacity == capacity)
    }

    @Test("the counter sees allocations")
    func counter() {
        let before = allocations_of_this_thread()
        let values = Array(repeating: before, count: Int.random(in: 10...20))
        #expect(allocations_of_this_thread() > before || !allocations_are_counted(), "\(values.count)")
    }
}
