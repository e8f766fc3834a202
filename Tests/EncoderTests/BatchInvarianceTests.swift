import Checkpoint
import Compute
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Encoder

@Suite("A text's result does not depend on its batch")
struct BatchInvarianceTests {
    /// The bundled model: all kernels at their real widths.
    private static let bundled = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        .appending(path: "Models/mobilebert-mini").path

    private func bits(_ output: EncoderOutput) -> [UInt32] { output.values.map(\.bitPattern) }

    @Test(
        "a thousand texts, shuffled and batched anew, get the same bits as alone, from any team",
        arguments: DataType.allCases
    )
    func thousandTexts(_ dataType: DataType) async throws {
        let model = try EncoderModel(directory: Self.bundled, options: ComputeOptions(dataType: dataType))
        try #require(model.engine.backend != Backend.openblas.rawValue, "this machine has native kernels")
        var generator = SeededGenerator(seed: 30)
        // Mostly short, as sentences are, and some of every length up to the longest.
        let lengths = (0..<1_000).map { _ in
            Int.random(in: 0..<25, using: &generator) == 0
                ? Int.random(in: 1...512, using: &generator) : Int.random(in: 3...40, using: &generator)
        }
        let texts = TestModels.texts(lengths, model.configuration, using: &generator)
        let workspace = model.makeWorkspace()
        var alone: [[UInt32]] = []
        for text in texts {
            let results = model.run(TestModels.batch([text], [.lastHiddenState]), workspace: workspace)
            alone.append(bits(try results[0].get()))
            // Other tests wait for this thread.
            await Task.yield()
        }
        let teams = (1...3).map { ThreadTeam(startingThreads: $0, named: "team") }
        defer { for team in teams { team.dismiss() } }
        var order = Array(texts.indices).shuffled(using: &generator)
        while !order.isEmpty {
            let rows = Array(order.prefix(.random(in: 1...64, using: &generator)))
            order.removeFirst(rows.count)
            let team = try #require(teams.randomElement(using: &generator))
            let results = model.run(
                TestModels.batch(rows.map { texts[$0] }, rows.map { _ in .lastHiddenState }),
                workspace: workspace,
                team: team
            )
            for (row, result) in zip(rows, results) {
                let isEqual = bits(try result.get()) == alone[row]
                #expect(isEqual, "a text of \(lengths[row]) tokens, \(rows.count) rows, a team of \(team.count)")
            }
            await Task.yield()
        }
    }

    @Test("every output is the same bits alone, in batches and from teams", arguments: ComputeOptions.native)
    func outputs(_ options: ComputeOptions) async throws {
        let configuration = try TestModels.classifier(["max_position_embeddings": "300", "hidden_act": "\"gelu\""])
        let model = try TestModels.model(configuration, options: options).model
        var generator = SeededGenerator(seed: 3)
        // More tokens than a block holds, a text longer than a block among them.
        let lengths = [5, 120, 1, 300, 64, 2, 33, 90, 90, 7, 255, 1]
        let texts = TestModels.texts(lengths, configuration, using: &generator)
        let order = Array(texts.indices).shuffled(using: &generator)
        let requests: [OutputRequest] = [.hiddenStates(layers: nil), .logits, .pooled(.mean), .pooled(.pooler)]
        for request in requests {
            await Task.yield()
            let alone = try texts.map { text in bits(try model.results([text], request)[0].get()) }
            for members in 1...3 {
                await Task.yield()
                let team = ThreadTeam(startingThreads: members, named: "team")
                defer { team.dismiss() }
                let batch = TestModels.batch(order.map { texts[$0] }, order.map { _ in request })
                let shuffled = model.run(batch, workspace: model.makeWorkspace(), team: team)
                for (row, result) in zip(order, shuffled) {
                    let isEqual = bits(try result.get()) == alone[row]
                    #expect(isEqual, "\(request), \(lengths[row]) tokens, \(members) members")
                }
            }
        }
    }

    @Test(
        "every output of every architecture is the same bits alone and beside rows that ask for others",
        arguments: ComputeOptions.native,
        Architecture.all
    )
    func heads(_ options: ComputeOptions, _ architecture: Architecture) async throws {
        let configuration = try TestModels.withHeads(architecture)
        let model = try TestModels.model(configuration, options: options).model
        var possible: [OutputRequest] = Pooling.allCases.filter { $0 != .pooler }.map { .pooled($0) }
        possible += [.tokenLogits, .logits, .nextSentenceLogits].filter {
            $0.heads.contains(where: model.heads.contains)
        }
        possible += [.hiddenStates(layers: [2, 0]), .lastHiddenState, .spanLogits]
        possible += [.maskedTokenLogits(positions: [0]), .maskedTokenLogits(positions: [1, 0, 1])]
        var generator = SeededGenerator(seed: 6)
        // More tokens than a block holds.
        let texts = TestModels.texts((0..<20).map { [40, 2, 17, 3][$0 % 4] }, configuration, using: &generator)
        let requests = texts.indices.map { possible[$0 % possible.count] }
        let alone = try texts.indices.map { row in
            bits(try model.results([texts[row]], requests[row])[0].get())
        }
        for members in 1...3 {
            await Task.yield()
            let team = ThreadTeam(startingThreads: members, named: "team")
            defer { team.dismiss() }
            let results = model.run(
                TestModels.batch(texts, requests),
                workspace: model.makeWorkspace(),
                team: team
            )
            for (row, result) in results.enumerated() {
                let isEqual = bits(try result.get()) == alone[row]
                #expect(isEqual, "\(requests[row]), \(members) members")
            }
        }
    }

    @Test("on OpenBLAS, which sums in an order of its own, results agree to 1e-5 of a unit's range")
    func openBLAS() throws {
        guard Arithmetic.available.contains(.openblas) else { return }
        let configuration = try TestModels.configuration(["num_hidden_layers": "4", "max_position_embeddings": "300"])
        let model = try TestModels.model(configuration, options: ComputeOptions(backend: .openblas)).model
        var generator = SeededGenerator(seed: 3)
        let texts = TestModels.texts([5, 120, 1, 300, 64, 2, 33, 90, 7, 255], configuration, using: &generator)
        let together = model.results(texts, .lastHiddenState)
        // One comparison over all texts: a unit's range is not that of a text of one token.
        var comparison = Comparison(width: 32)
        for (row, text) in texts.enumerated() {
            let alone = try model.results([text], .lastHiddenState)[0].get()
            comparison.add(alone.values.map { Double($0) }, try together[row].get().values[...])
        }
        #expect(comparison.worst <= 1e-5)
    }

    @Test("padding is never read, not even ids that no table has")
    func padding() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        var generator = SeededGenerator(seed: 4)
        let texts = TestModels.texts([4, 9, 1], model.configuration, using: &generator)
        let zeros = model.results(texts, .lastHiddenState)
        for filler in [Int32(7), -1, .max, .min] {
            #expect(model.results(texts, .lastHiddenState, filler: filler) == zeros)
        }
    }

    @Test("a workspace that held a larger batch gives the same result as a new one, and grows no further")
    func workspace() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        var generator = SeededGenerator(seed: 6)
        func batch(_ lengths: [Int]) -> Batch<OutputRequest> {
            let texts = TestModels.texts(lengths, model.configuration, using: &generator)
            return TestModels.batch(texts, texts.map { _ in .pooled(.mean) })
        }
        let (large, small) = (batch([40, 40, 12]), batch([3, 5]))
        let fresh = model.run(small, workspace: model.makeWorkspace())
        let workspace = model.makeWorkspace()
        _ = model.run(large, workspace: workspace)
        let capacity = workspace.capacity
        for _ in 0..<3 {
            #expect(model.run(small, workspace: workspace) == fresh)
            _ = model.run(large, workspace: workspace)
            #expect(workspace.capacity == capacity)
        }
    }
}
