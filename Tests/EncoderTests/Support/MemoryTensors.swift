import Checkpoint
import TestSupport

@testable import Encoder

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
        for configuration: EncoderConfiguration,
        prefix: String = "",
        using generator: inout SeededGenerator
    ) -> MemoryTensors {
        let names = TensorNames(configuration.architecture, in: [prefix])
        var builder = Builder(names: names, generator: generator)
        builder.addModel(configuration)
        generator = builder.generator
        return MemoryTensors(tensors: builder.tensors)
    }

    private struct Builder {
        let names: TensorNames
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
            if configuration.architecture == .mobilebert { dense(names.embeddingTransformation, hidden, inputs) }
            norm(names.embeddingNorm, hidden)
            for layer in 0..<configuration.layerCount { addLayer(names.layer(layer), configuration) }
            let hasPooler = configuration.architecture == .distilbert ? !configuration.statedHeads.isEmpty : true
            if configuration.activatesPooler && hasPooler { dense(names.pooler, hidden, hidden) }
            for head in configuration.statedHeads { addHead(head, configuration) }
        }

        mutating func addHead(_ head: Head, _ configuration: EncoderConfiguration) {
            let (hidden, vocabulary) = (configuration.hiddenSize, configuration.vocabularySize)
            switch head {
            case .sequenceClassification, .tokenClassification:
                dense(names.classifier, configuration.labels.count, hidden)
            case .multipleChoice: dense(names.classifier, 1, hidden)
            case .questionAnswering: dense(names.questionAnswering, 2, hidden)
            case .nextSentence: dense(names.nextSentence, 2, hidden)
            case .maskedLanguageModel:
                dense(names.languageTransform, hidden, hidden)
                norm(names.languageNorm, hidden)
                add(names.decoderBias, [vocabulary], scale: 0.1)
                let rest = hidden - configuration.embeddingSize
                if rest > 0 { add(names.decoderExtension, [rest, vocabulary], scale: 0.5) }
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
