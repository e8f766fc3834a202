import Checkpoint
import Encoder
import Foundation
import LinearAlgebra
import TestSupport
import Testing

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
        let model = try EncoderModel(directory: Self.bundled, options: EngineOptions(dataType: dataType))
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
            let results = try model.run(
                TestModels.batch([text]),
                requests: [.lastHiddenState],
                workspace: workspace
            )
            alone.append(bits(try results[0].get()))
            // Other tests wait for this thread.
            await Task.yield()
        }
        let teams = (1...3).map { ThreadsTeam(count: $0) }
        var order = Array(texts.indices).shuffled(using: &generator)
        while !order.isEmpty {
            let rows = Array(order.prefix(.random(in: 1...64, using: &generator)))
            order.removeFirst(rows.count)
            let team = try #require(teams.randomElement(using: &generator))
            let results = try model.run(
                TestModels.batch(rows.map { texts[$0] }),
                requests: Array(repeating: .lastHiddenState, count: rows.count),
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

    @Test("every output is the same bits alone, in batches and from teams", arguments: EngineOptions.native)
    func outputs(_ options: EngineOptions) async throws {
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
            let alone = try texts.map { text in bits(try model.results(TestModels.batch([text]), request)[0].get()) }
            for members in 1...3 {
                await Task.yield()
                let shuffled = try model.run(
                    TestModels.batch(order.map { texts[$0] }),
                    requests: Array(repeating: request, count: texts.count),
                    workspace: model.makeWorkspace(),
                    team: ThreadsTeam(count: members)
                )
                for (row, result) in zip(order, shuffled) {
                    let isEqual = bits(try result.get()) == alone[row]
                    #expect(isEqual, "\(request), \(lengths[row]) tokens, \(members) members")
                }
            }
        }
    }

    @Test(
        "every output of every architecture is the same bits alone and beside rows that ask for others",
        arguments: EngineOptions.native,
        Architecture.allCases
    )
    func heads(_ options: EngineOptions, _ architecture: Architecture) async throws {
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
            bits(try model.results(TestModels.batch([texts[row]]), requests[row])[0].get())
        }
        for members in 1...3 {
            await Task.yield()
            let results = try model.run(
                TestModels.batch(texts),
                requests: requests,
                workspace: model.makeWorkspace(),
                team: ThreadsTeam(count: members)
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
        let model = try TestModels.model(configuration, options: EngineOptions(backend: .openblas)).model
        var generator = SeededGenerator(seed: 3)
        let texts = TestModels.texts([5, 120, 1, 300, 64, 2, 33, 90, 7, 255], configuration, using: &generator)
        let together = try model.results(TestModels.batch(texts), .lastHiddenState)
        // One comparison over all texts: a unit's range is not that of a text of one token.
        var comparison = Comparison(width: 32)
        for (row, text) in texts.enumerated() {
            let alone = try model.results(TestModels.batch([text]), .lastHiddenState)[0].get()
            comparison.add(alone.values.map { Double($0) }, try together[row].get().values[...])
        }
        #expect(comparison.worst <= 1e-5)
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
