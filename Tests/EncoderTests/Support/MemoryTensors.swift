import Checkpoint
import ModelFiles
import TestSupport

@testable import Encoder

/// A checkpoint that a test made up.
struct MemoryTensors: NamedTensors {
    var source = "memory"
    var tensors: [String: (values: [Float], shape: [Int])] = [:]

    var tensorNames: [String] { tensors.keys.sorted() }

    func contains(_ name: String) -> Bool { tensors[name] != nil }

    func shape(_ name: String) -> [Int]? { tensors[name]?.shape }

    func float32(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        guard let tensor = tensors[name] else { throw .missingTensor(file: source, tensor: name) }
        guard tensor.shape == shape else {
            throw .wrongShape(file: source, tensor: name, found: tensor.shape, expected: shape)
        }
        return tensor.values
    }

    func check(_ name: String, shape: [Int]) throws(ModelError) { _ = try float32(name, shape: shape) }

    func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) throws(ModelError) {
        for (index, value) in try float32(name, shape: shape).enumerated() { values[index] = value }
    }

    /// All tensors of a model of that configuration, with random values: norm weights near 1, biases near 0, matrices
    /// scaled by their fan-in.
    static func random(
        for configuration: EncoderConfiguration,
        prefix: String = "",
        using generator: inout SeededGenerator
    ) -> MemoryTensors {
        let architecture = configuration.architecture
        var builder = Builder(names: architecture.tensors, heads: architecture.heads, generator: generator)
        builder.addModel(configuration)
        generator = builder.generator
        let tensors = builder.tensors.map { name, tensor in
            (architecture.isOfBaseModel(name) ? prefix + name : name, tensor)
        }
        return MemoryTensors(tensors: Dictionary(uniqueKeysWithValues: tensors))
    }

    private struct Builder {
        let names: TensorNames
        let heads: [Head: HeadDescription]
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

        mutating func addModel(_ configuration: EncoderConfiguration) {
            let (hidden, embedding) = (configuration.hiddenSize, configuration.embeddingSize)
            add(names.words, [configuration.vocabularySize, embedding], scale: 0.5)
            add(names.positions, [configuration.maxPositionEmbeddings, hidden], scale: 0.5)
            if configuration.typeVocabularySize > 0 {
                add(names.types, [configuration.typeVocabularySize, hidden], scale: 0.5)
            }
            let inputs = embedding * (configuration.usesTrigramInput ? 3 : 1)
            if let transformation = names.embeddingTransformation { dense(transformation, hidden, inputs) }
            norm(names.embeddingNorm, hidden)
            for layer in 0..<configuration.layerCount { addLayer(names.layer(layer), configuration) }
            let hasPooler = configuration.architecture.hasPooler || !configuration.statedHeads.isEmpty
            if configuration.activatesPooler && hasPooler { dense(names.pooler, hidden, hidden) }
            for head in configuration.statedHeads { addHead(head, configuration) }
        }

        mutating func addHead(_ head: Head, _ configuration: EncoderConfiguration) {
            let (hidden, vocabulary) = (configuration.hiddenSize, configuration.vocabularySize)
            let layer = heads[head]?.layer ?? ""
            switch head {
            case .sequenceClassification, .tokenClassification: dense(layer, configuration.labels.count, hidden)
            case .multipleChoice: dense(layer, 1, hidden)
            case .questionAnswering, .nextSentence: dense(layer, 2, hidden)
            case .maskedLanguageModel:
                dense(names.languageTransform, hidden, hidden)
                norm(names.languageNorm, hidden)
                add(names.decoderBias, [vocabulary], scale: 0.1)
                let rest = hidden - configuration.embeddingSize
                if rest > 0, let name = names.decoderExtension { add(name, [rest, vocabulary], scale: 0.5) }
            }
        }

        mutating func addLayer(_ name: String, _ configuration: EncoderConfiguration) {
            let (hidden, width) = (configuration.hiddenSize, configuration.trueHiddenSize)
            if configuration.usesBottleneck {
                for part in configuration.sharesKeyQueryBottleneck ? ["input", "attention"] : ["input"] {
                    dense("\(name).bottleneck.\(part).dense", width, hidden)
                    norm("\(name).bottleneck.\(part).LayerNorm", width)
                }
                dense("\(name).output.bottleneck.dense", hidden, width)
                norm("\(name).output.bottleneck.LayerNorm", hidden)
            }
            dense("\(name).\(names.query)", width, width)
            dense("\(name).\(names.key)", width, width)
            dense("\(name).\(names.value)", width, configuration.usesBottleneckAttention ? width : hidden)
            dense("\(name).\(names.attentionOutput)", width, width)
            norm("\(name).\(names.attentionNorm)", width)
            let networks = (0..<configuration.feedForwardNetworkCount - 1).map { "\(name).ffn.\($0)" } + [name]
            for network in networks {
                dense("\(network).\(names.intermediate)", configuration.intermediateSize, width)
                dense("\(network).\(names.output)", width, configuration.intermediateSize)
                norm("\(network).\(names.outputNorm)", width)
            }
        }
    }
}

extension SeededGenerator {
    /// A number around 0 with the variance 1: the sum of twelve uniform ones.
    mutating func normal() -> Float {
        (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &self) }
    }
}
