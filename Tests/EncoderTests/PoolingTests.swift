import Compute
import Encoder
import TestSupport
import Testing

@Suite("Pooling and the choice of hidden states, against sums written out")
struct PoolingTests {
    private static let lengths = [5, 1, 12]

    /// A model of each architecture's norms: NoNorm's are folded into what is read, LayerNorm's are not.
    private func setUp(_ type: String) throws -> (model: EncoderModel, batch: [TestText]) {
        let (model, _) = try TestModels.model(TestModels.configuration(["model_type": "\"\(type)\""]))
        var generator = SeededGenerator(seed: 12)
        return (model, TestModels.texts(Self.lengths, model.configuration, using: &generator))
    }

    /// sentence-transformers' `Pooling` of the last hidden state, token by token, from token `first` on.
    private func expected(_ pooling: Pooling, _ state: EncoderOutput, from first: Int) -> [Double] {
        let (tokens, width) = (state.shape[0], state.shape[1])
        return (0..<width).map { unit in
            let values = (first..<tokens).map { Double(state.values[$0 * width + unit]) }
            let count = Double(tokens - first)
            switch pooling {
            case .mean: return values.reduce(0, +) / count
            case .cls, .pooler: return values[0]
            case .max: return values.max() ?? .nan
            case .meanSqrtLength: return values.reduce(0, +) / count.squareRoot()
            case .weightedMean:
                let weights = (first..<tokens).map { Double($0 + 1) }
                return zip(values, weights).map(*).reduce(0, +) / weights.reduce(0, +)
            case .lastToken: return values[values.count - 1]
            }
        }
    }

    private func isClose(_ values: ArraySlice<Float>, _ expected: [Double]) -> Bool {
        values.count == expected.count && zip(values, expected).allSatisfy { abs(Double($0) - $1) <= 1e-5 }
    }

    @Test(
        "every way of pooling gives the last hidden state's sum, mean, largest or chosen token",
        arguments: ["mobilebert", "bert", "distilbert"],
        Pooling.allCases.filter { $0 != .pooler }
    )
    func values(_ type: String, _ pooling: Pooling) throws {
        let (model, batch) = try setUp(type)
        let states = try model.results(batch, .lastHiddenState).map { try $0.get() }
        let pooled = try model.results(batch, .pooled(pooling)).map { try $0.get() }
        for (output, state) in zip(pooled, states) {
            #expect(output.shape == [32])
            #expect(isClose(output.values[...], expected(pooling, state, from: 0)))
        }
    }

    @Test("joined poolings stand one behind the other, and count from the requested token")
    func joined() throws {
        let (model, _) = try setUp("bert")
        var generator = SeededGenerator(seed: 13)
        let batch = TestModels.texts([7, 4], model.configuration, using: &generator)
        let states = try model.results(batch, .lastHiddenState).map { try $0.get() }
        let poolings = Pooling.allCases.filter { $0 != .pooler }
        for first in [0, 1, 3] {
            let pooled = try model.results(batch, .jointlyPooled(poolings, from: first)).map { try $0.get() }
            for (output, state) in zip(pooled, states) {
                #expect(output.shape == [poolings.count * 32])
                for (index, pooling) in poolings.enumerated() {
                    let part = output.values[index * 32..<(index + 1) * 32]
                    #expect(isClose(part, expected(pooling, state, from: first)), "\(pooling) from \(first)")
                }
            }
        }
    }

    @Test("hidden states of chosen layers come in the order asked for, repeated where asked twice")
    func layers() throws {
        let (model, batch) = try setUp("bert")
        let all = try model.results(batch, .hiddenStates(layers: nil)).map { try $0.get() }
        for chosen in [[1], [2, 0], [0, 1, 2], [1, 1], []] {
            let some = try model.results(batch, .hiddenStates(layers: chosen)).map { try $0.get() }
            for (row, length) in Self.lengths.enumerated() {
                let size = length * 32
                #expect(some[row].shape == [chosen.count, length, 32])
                #expect(some[row].values == chosen.flatMap { all[row].values[$0 * size..<($0 + 1) * size] })
            }
        }
        // Rows of one batch may choose differently.
        let requests = [[2], [0], [1, 0]].map { OutputRequest.hiddenStates(layers: $0) }
        let mixed = model.run(TestModels.batch(batch, requests), workspace: model.makeWorkspace())
        #expect(try mixed[0].get().values == Array(all[0].values.suffix(5 * 32)))
        #expect(try mixed[1].get().values == Array(all[1].values.prefix(32)))
        #expect(try mixed[2].get().shape == [2, 12, 32])
    }

    @Test("layers and positions that do not exist fail the row that asks for them, and say which exist")
    func outOfRange() throws {
        let (model, _) = try TestModels.model(TestModels.withHeads(.bert))
        let batch: [TestText] = [(ids: [1, 2, 3], types: [0, 0, 0]), (ids: [4, 5], types: [0, 0])]
        for layer in [-1, 3, .max] {
            let error = EncoderError.layerOutOfRange(layer: layer, layers: 2)
            #expect(model.results(batch, .hiddenStates(layers: [0, layer])) == [.failure(error), .failure(error)])
        }
        for position in [-1, 3] {
            let found = model.results(batch, .maskedTokenLogits(positions: [0, position]))
            #expect(found[0] == .failure(.positionOutOfRange(position: position, tokens: 3)))
            #expect(found[1] == .failure(.positionOutOfRange(position: position, tokens: 2)))
        }
        let edge = model.results(batch, .maskedTokenLogits(positions: [2]))
        #expect(try edge[0].get().shape == [1, 50])
        #expect(edge[1] == .failure(.positionOutOfRange(position: 2, tokens: 2)))
        let late = model.results(batch, .jointlyPooled([.mean], from: 2))
        #expect(try late[0].get().shape == [32])
        #expect(late[1] == .failure(.positionOutOfRange(position: 2, tokens: 2)))
        #expect(
            EncoderError.layerOutOfRange(layer: 3, layers: 2).description
                == "hidden states of layer 3: expected 0 (the embeddings) to 2"
        )
        #expect(
            EncoderError.positionOutOfRange(position: 2, tokens: 2).description
                == "position 2 to predict: expected 0 to 1, the input's last token"
        )
    }
}
