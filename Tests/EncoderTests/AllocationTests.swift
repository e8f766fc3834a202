import AllocationCounter
import Synchronization
import TestSupport
import Testing

@testable import Encoder

@Suite("The forward pass's memory")
struct AllocationTests {
    @Test(
        "no block allocates, on no thread of its team, however much larger it is than those before",
        arguments: EngineOptions.allOfThisMachine,
        [1, 2, 3]
    )
    func forward(_ options: EngineOptions, members: Int) throws {
        let model = try TestModels.model(
            TestModels.configuration(["max_position_embeddings": "300"]),
            options: options
        ).model
        let longest = model.configuration.maxPositionEmbeddings
        let workspace = model.makeWorkspace(members: members)
        let capacity = workspace.capacity
        let team = CountingTeam(ThreadsTeam(count: members))
        var generator = SeededGenerator(seed: 12)
        // The first is the process's warm-up: what the runtime and OpenBLAS set up once is not the forward pass's.
        for lengths in [[3], [3], [1, 1], [7, 23, 40], [longest], Array(repeating: 1, count: 256), [200, 56]] {
            let texts = TestModels.texts(lengths, model.configuration, using: &generator)
            let requests = Array(repeating: OutputRequest.pooled(.mean), count: lengths.count)
            _ = try model.run(TestModels.batch(texts), requests: requests, workspace: workspace)
            let block = try #require(workspace.packed.blocks.first)
            let before = team.allocations
            _ = model.forward(block, workspace: workspace, team: team)
            if lengths != [3] { #expect(team.allocations == before, "lengths \(lengths.prefix(4))") }
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

/// Counts what its members allocate while they work.
private final class CountingTeam: Team, Sendable {
    private let team: ThreadsTeam
    private let counted = Atomic(0)

    init(_ team: ThreadsTeam) { self.team = team }

    var count: Int { team.count }
    var allocations: Int { counted.load(ordering: .sequentiallyConsistent) }

    func run(_ body: @Sendable (Int) -> Void) {
        team.run { member in
            let before = allocations_of_this_thread()
            body(member)
            counted.add(Int(allocations_of_this_thread() - before), ordering: .sequentiallyConsistent)
        }
    }
}
