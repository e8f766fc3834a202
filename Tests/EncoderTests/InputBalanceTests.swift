import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Encoder

@Suite("The balance of int8 products' inputs")
struct InputBalanceTests {
    private func map(_ weight: [[Float]], bias: [Float]) -> AffineMap {
        let (outputs, inputs) = (weight.count, weight[0].count)
        let tensors = MemoryTensors(tensors: ["w": (Array(weight.joined()), [outputs, inputs])])
        return AffineMap(StoredMatrix("w", of: tensors, outputs: outputs, inputs: inputs), bias: bias)
    }

    private func isClose(_ left: [Double], _ right: [Double]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) }
    }

    @Test("factors are sqrt(weights / inputs) around 1")
    func factors() throws {
        let balance = try #require(InputBalance(inputSquares: [1, 16, 1], columnSquares: [1, 1, 16]))
        // Root mean squares 1, 4, 1 and 1, 1, 4.
        #expect(isClose(balance.factors, [1, 0.5, 2]))
        let scaled = try #require(InputBalance(inputSquares: [1e9, 16e9, 1e9], columnSquares: [1e-5, 1e-5, 16e-5]))
        #expect(isClose(scaled.factors, balance.factors))
    }

    @Test("inputs and columns that are zero get factors too, where something else is not")
    func zeros() throws {
        let column = try #require(InputBalance(inputSquares: [1, 1, 1], columnSquares: [4, 0, 16]))
        #expect(column.factors[0] == column.factors[1] && column.factors[2] > column.factors[0])
        let input = try #require(InputBalance(inputSquares: [1, 0], columnSquares: [1, 1]))
        #expect(isClose([input.factors[1] / input.factors[0]], [1e3]))
        for (inputs, columns) in [
            ([0.0, 0], [1.0, 1]), ([1, 1], [0, 0]), ([1, .nan], [1, 1]), ([1, .infinity], [1, 1]),
        ] {
            #expect(InputBalance(inputSquares: inputs, columnSquares: columns) == nil)
        }
    }

    @Test("a row of weights counts by its shape, not its size")
    func rows() throws {
        var (small, large) = (map([[1, 2], [3, 1]], bias: [0, 0]), map([[1000, 2000], [3, 1]], bias: [0, 0]))
        small.inputSquares = [1, 2]
        large.inputSquares = [1, 2]
        var values: [Float] = []
        let balance = try #require(try InputBalance(of: small, &values))
        #expect(isClose(try #require(try InputBalance(of: large, &values)).factors, balance.factors))
        small.inputSquares = nil
        #expect(try InputBalance(of: small, &values) == nil)
    }

    @Test("weights are divided by the factors that inputs are multiplied by already")
    func dividing() throws {
        var map = map([[1, 2, 3], [4, 5, 6]], bias: [10, 20])
        map.readStream(AffineCarry(scale: [2, 1, -1], shift: [0.5, 0, 1], squares: [1, 1, 4]))
        map.divideInputs(by: [2, 4, 0.5])
        var rows = FoldedRows(map)
        var values: [Float] = []
        var weight = [Float](repeating: .nan, count: 6)
        var span = weight.mutableSpan
        for output in 0..<2 { try rows.fold(output, &span, from: output * 3, &values) }
        #expect(weight == [1, 0.5, -6, 4, 1.25, -12])
        #expect(rows.bias == [13.5, 28])
        #expect(map.inputSquares == [4, 16, 1])
    }

    @Test("mean squares pass through the squares of folded weights, and add up in streams")
    func squares() throws {
        var map = map([[1, 2], [3, 4]], bias: [5, 6])
        var values: [Float] = []
        map.readStream(AffineCarry(scale: [2, 1], shift: [1, 0], squares: [1, 9]))
        var carry = AffineCarry(scale: [1, 2], shift: [0, 0], squares: [100, 100])
        try map.addToStream(&carry, &values)
        #expect(carry.squares == [100 + 4 + 36, 100 + (36 + 144) / 4])
        let step = Norm.noNorm(weight: [3, 0.5], bias: [1, 1]).folded(into: &carry)
        guard case .folded = step else { return #expect(Bool(false), "\(step)") }
        #expect(carry.squares == [140, 145])
        _ = Norm.noNorm(weight: [0, 2], bias: [3, 0]).folded(into: &carry)
        // Stored and applied: 0 x + 3, and 2 (1 x + 1 + 22).
        #expect(carry.squares?.first == 9)
    }

    /// Six layers with norms whose weights are lognormal with a deviation of 0.6, as they may be after training.
    private func skewedModel() throws -> (EncoderConfiguration, MemoryTensors) {
        let configuration = try TestModels.configuration([
            "hidden_size": "64", "intra_bottleneck_size": "64", "intermediate_size": "64", "embedding_size": "16",
            "num_hidden_layers": "6", "num_feedforward_networks": "4", "num_attention_heads": "2",
        ])
        var generator = SeededGenerator(seed: 8)
        var tensors = MemoryTensors.random(for: configuration, using: &generator)
        for name in tensors.tensorNames where name.hasSuffix("LayerNorm.weight") {
            guard !name.contains("output.bottleneck"), !name.contains("embeddings") else { continue }
            let count = tensors.tensors[name]?.values.count ?? 0
            let factors = (0..<count).map { _ in exp(0.6 * generator.normal()) }
            let size = (factors.reduce(0) { $0 + $1 * $1 } / Float(count)).squareRoot()
            for index in 0..<count { tensors.tensors[name]?.values[index] *= factors[index] / size }
        }
        return (configuration, tensors)
    }

    private func lastStates(_ model: EncoderModel) throws -> [[Float]] {
        var generator = SeededGenerator(seed: 9)
        let texts = TestModels.texts([3, 40, 17, 1, 26], model.configuration, using: &generator)
        return try model.results(texts, .lastHiddenState).map { try $0.get().values }
    }

    /// The lowest cosine of a token's state with the same token's.
    private func lowestCosine(_ left: [[Float]], _ right: [[Float]], width: Int) -> Double {
        zip(left.joined().map(Double.init).chunks(of: width), right.joined().map(Double.init).chunks(of: width))
            .map { left, right in
                func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double { zip(a, b).map(*).reduce(0, +) }
                return dot(left, right) / (dot(left, left) * dot(right, right)).squareRoot()
            }
            .min() ?? 0
    }

    @Test("a model with skewed norms keeps its hidden states in int8, which it does not without balance")
    func skewedNorms() async throws {
        let (configuration, tensors) = try skewedModel()
        let reference = try lastStates(EncoderModel(configuration: configuration, tensors: tensors))
        func cosine(balanced: Bool) async throws -> Double {
            // Other tests wait for this thread.
            await Task.yield()
            var formats = WeightFormats(
                dataType: .int8,
                arithmetic: try Arithmetic(.auto, for: .int8),
                normalization: configuration.normalization
            )
            formats.balancesInputs = balanced
            let model = try EncoderModel(configuration, tensors, formats, loadingThreads: 2)
            return lowestCosine(try lastStates(model), reference, width: configuration.hiddenSize)
        }
        let plain = try await cosine(balanced: false)
        let balanced = try await cosine(balanced: true)
        print("int8 with skewed norms: lowest cosine \(plain) plain, \(balanced) balanced")
        #expect(balanced >= 0.9995)
        #expect(plain < 0.9995)
    }

    @Test(
        "activations that are not homogeneous are balanced behind, others before",
        arguments: ["gelu", "relu", "silu"]
    )
    func activations(_ name: String) throws {
        let configuration = try TestModels.configuration(["hidden_act": "\"\(name)\""])
        let (reference, tensors) = try TestModels.model(configuration)
        let options = ComputeOptions(dataType: .int8)
        let model = try EncoderModel(configuration: configuration, tensors: tensors, options: options)
        let output = try #require(model.weights.layers.first?.feedForwards.first?.output)
        #expect((output.balance == nil) == (name == "relu"))
        #expect(lowestCosine(try lastStates(model), try lastStates(reference), width: 32) > 0.999)
    }

    @Test("only int8 is balanced, and with any number of loading threads it is the same")
    func loading() throws {
        let configuration = try TestModels.configuration(["num_hidden_layers": "4"])
        let (float32, tensors) = try TestModels.model(configuration)
        #expect(float32.weights.hiddenCarries.allSatisfy { $0.squares == nil })
        #expect(float32.weights.layers.allSatisfy { $0.bottleneck?.projection.balance == nil })
        let states = try [1, 2, 5].map { threads in
            let options = ComputeOptions(dataType: .int8, loadingThreads: threads)
            let model = try EncoderModel(configuration: configuration, tensors: tensors, options: options)
            #expect(model.weights.layers.allSatisfy { $0.bottleneck?.projection.balance != nil })
            return try lastStates(model)
        }
        #expect(states[1] == states[0] && states[2] == states[0])
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}

@Suite("The rotation of int8 products' inputs")
struct InputRotationTests {
    private func layer(_ type: String, _ dataType: DataType) throws -> Layer {
        let configuration = try TestModels.configuration([
            "model_type": "\"\(type)\"", "hidden_size": "96", "num_attention_heads": "3", "intermediate_size": "192",
            "intra_bottleneck_size": "48",
        ])
        let options = ComputeOptions(dataType: dataType)
        return try #require(try TestModels.model(configuration, options: options).model.weights.layers.first)
    }

    @Test("is by the largest blocks that divide a layer's inputs, behind LayerNorm", arguments: ["bert", "distilbert"])
    func layerNorm(_ type: String) throws {
        let layer = try layer(type, .int8)
        #expect(layer.attention.projection.weight.rotation == 32)
        #expect(layer.attention.output.weight.rotation == 32)
        #expect(layer.feedForwards.map(\.intermediate.weight.rotation) == [32])
        #expect(layer.feedForwards.map(\.output.weight.rotation) == [64])
    }

    @Test("is left out behind NoNorm, whose large units the balance knows, and in other dtypes")
    func others() throws {
        let layers = [try layer("mobilebert", .int8), try layer("bert", .bfloat16), try layer("bert", .float32)]
        for layer in layers {
            #expect(layer.feedForwards.allSatisfy { $0.intermediate.weight.rotation == 0 })
            #expect(layer.feedForwards.allSatisfy { $0.output.weight.rotation == 0 })
            #expect(layer.attention.output.weight.rotation == 0)
        }
    }
}
