import LinearAlgebra
import TestSupport
import Testing

@testable import Encoder

@Suite("The rotation of int8 products' inputs")
struct InputRotationTests {
    private func layer(_ type: String, _ dataType: DataType) throws -> Layer {
        let configuration = try TestModels.configuration([
            "model_type": "\"\(type)\"", "hidden_size": "96", "num_attention_heads": "3", "intermediate_size": "192",
            "intra_bottleneck_size": "48",
        ])
        let options = EngineOptions(dataType: dataType)
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
