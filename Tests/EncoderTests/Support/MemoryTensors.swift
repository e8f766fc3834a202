import Checkpoint
import Encoder
import TestSupport

/// A checkpoint that a test made up.
struct MemoryTensors: NamedTensors {
    var source = "memory"
    var tensors: [String: (values: [Float], shape: [Int])] = [:]

    var tensorNames: [String] { tensors.keys.sorted() }

    func contains(_ name: String) -> Bool { tensors[name] != nil }

    func float32(_ name: String, shape: [Int]) throws(CheckpointError) -> [Float] {
        guard let tensor = tensors[name] else { throw .missingTensor(file: source, tensor: name) }
        guard tensor.shape == shape else {
            throw .wrongShape(file: source, tensor: name, found: tensor.shape, expected: shape)
        }
        return tensor.values
    }

    /// Every tensor that a model of that configuration has, each parameter with a value of its own: norm weights near
    /// 1, biases near 0, matrices scaled by their fan-in.
    static func random(
        for configuration: MobileBertConfiguration,
        prefix: String = "",
        using generator: inout SeededGenerator
    ) -> MemoryTensors {
        var builder = Builder(prefix: prefix, generator: generator)
        builder.addModel(configuration)
        generator = builder.generator
        return MemoryTensors(tensors: builder.tensors)
    }

    private struct Builder {
        let prefix: String
        var generator: SeededGenerator
        var tensors: [String: (values: [Float], shape: [Int])] = [:]

        mutating func add(_ name: String, _ shape: [Int], scale: Float, around centre: Float = 0) {
            let count = shape.reduce(1, *)
            tensors[name] = ((0..<count).map { _ in centre + scale * generator.normal() }, shape)
        }

        mutating func dense(_ name: String, _ outputs: Int, _ inputs: Int) {
            add("\(name).weight", [outputs, inputs], scale: 0.5 / Float(inputs).squareRoot())
            add("\(name).bias", [outputs], scale: 0.1)
        }

        mutating func norm(_ name: String, _ width: Int) {
            add("\(name).weight", [width], scale: 0.1, around: 0.9)
            add("\(name).bias", [width], scale: 0.1)
        }

        mutating func addModel(_ configuration: MobileBertConfiguration) {
            let (hidden, embedding) = (configuration.hiddenSize, configuration.embeddingSize)
            let embeddings = "\(prefix)embeddings"
            add("\(embeddings).word_embeddings.weight", [configuration.vocabularySize, embedding], scale: 0.5)
            add("\(embeddings).position_embeddings.weight", [configuration.maxPositionEmbeddings, hidden], scale: 0.5)
            add("\(embeddings).token_type_embeddings.weight", [configuration.typeVocabularySize, hidden], scale: 0.5)
            let inputs = embedding * (configuration.usesTrigramInput ? 3 : 1)
            dense("\(embeddings).embedding_transformation", hidden, inputs)
            norm("\(embeddings).LayerNorm", hidden)
            for layer in 0..<configuration.layerCount {
                addLayer("\(prefix)encoder.layer.\(layer)", configuration)
            }
            if configuration.activatesPooler { dense("\(prefix)pooler.dense", hidden, hidden) }
            if configuration.isSequenceClassifier { dense("classifier", configuration.labels.count, hidden) }
        }

        mutating func addLayer(_ name: String, _ configuration: MobileBertConfiguration) {
            let (hidden, width) = (configuration.hiddenSize, configuration.trueHiddenSize)
            if configuration.usesBottleneck {
                for part in configuration.sharesKeyQueryBottleneck ? ["input", "attention"] : ["input"] {
                    dense("\(name).bottleneck.\(part).dense", width, hidden)
                    norm("\(name).bottleneck.\(part).LayerNorm", width)
                }
                dense("\(name).output.bottleneck.dense", hidden, width)
                norm("\(name).output.bottleneck.LayerNorm", hidden)
            }
            dense("\(name).attention.self.query", width, width)
            dense("\(name).attention.self.key", width, width)
            dense("\(name).attention.self.value", width, configuration.usesBottleneckAttention ? width : hidden)
            dense("\(name).attention.output.dense", width, width)
            norm("\(name).attention.output.LayerNorm", width)
            let networks = (0..<configuration.feedForwardNetworkCount - 1).map { "\(name).ffn.\($0)" } + [name]
            for network in networks {
                dense("\(network).intermediate.dense", configuration.intermediateSize, width)
                dense("\(network).output.dense", width, configuration.intermediateSize)
                norm("\(network).output.LayerNorm", width)
            }
        }
    }
}
