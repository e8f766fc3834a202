import Checkpoint
import LinearAlgebra
import ModelFiles
import TestSupport
import Testing

@testable import Encoder

@Suite("Architectures")
struct ArchitectureTests {
    @Test("name the tensors of every part that a config.json can ask for", arguments: Architecture.all)
    func names(_ architecture: Architecture) {
        let (keys, names) = (architecture.keys, architecture.tensors)
        if keys.embeddingSize != nil || keys.usesTrigramInput.isKey { #expect(names.embeddingTransformation != nil) }
        if keys.embeddingSize != nil { #expect(names.decoderExtension != nil) }
        if keys.usesBottleneck.isKey { #expect(names.bottlenecks != nil && keys.intraBottleneckSize != nil) }
        if keys.feedForwardNetworkCount.isKey { #expect(names.networks != nil) }
        #expect(Head.allCases.allSatisfy { architecture.classes(with: $0).isEmpty == (architecture.heads[$0] == nil) })
    }

    @Test("differ in model type and family, so that a config.json means one of them")
    func identity() {
        #expect(Set(Architecture.all.map(\.modelType)).count == Architecture.all.count)
        #expect(Set(Architecture.all.map(\.family)).count == Architecture.all.count)
    }

    /// An architecture that does not exist: keys and names of its own, narrower word embeddings, a pooler with ReLU
    /// that is a part of heads, and one head.
    private static let madeUp = Architecture(
        modelType: "madeup",
        family: "MadeUp",
        keys: ConfigurationKeys(
            hiddenSize: .init("width", default: 24),
            layerCount: .init("depth", default: 2),
            headCount: .init("heads", default: 3),
            intermediateSize: .init("inside", default: 40),
            activation: .init("function", default: "silu"),
            typeVocabularySize: .fixed(3),
            layerNormEpsilon: .fixed(1e-3),
            embeddingSize: .init("narrow", default: 16),
            requirements: [.init(key: "places", value: "sines", tensor: "distances")]
        ),
        trainingKeys: TrainingKeys(),
        tensors: TensorNames(
            words: "input.words.weight",
            embeddingTransformation: "input.widening",
            layers: "stack",
            query: "q",
            intermediate: "up",
            output: "down",
            pooler: "summary"
        ),
        pooler: PoolerDescription(activation: .relu, isOfBaseModel: false),
        heads: [.sequenceClassification: HeadDescription(layer: "verdict", otherClasses: ["Judging"])],
        layersCanAverage: true
    )

    private func read(_ text: String, tensorNames: [String] = []) throws -> EncoderConfiguration {
        let file = try JSONSection(bytes: Array(text.utf8), path: "config.json")
        return try EncoderConfiguration(file, tensorNames: tensorNames, among: Architecture.all + [Self.madeUp])
    }

    @Test("need no more than a value to be read, loaded and run", arguments: ["", "madeup."])
    func newcomer(_ prefix: String) throws {
        let small = "\"vocab_size\": 50, \"max_position_embeddings\": 40"
        let configuration = try read("{\(small), \"architectures\": [\"MadeUpForJudging\"]}")
        #expect(configuration.architecture == Self.madeUp && configuration.statedHeads == [.sequenceClassification])
        #expect(configuration.activation == .silu && configuration.typeVocabularySize == 3)
        var generator = SeededGenerator(seed: 21)
        let tensors = MemoryTensors.random(for: configuration, prefix: prefix, using: &generator)
        #expect(tensors.tensors["\(prefix)stack.1.q.weight"] != nil && tensors.tensors["summary.weight"] != nil)
        let model = try EncoderModel(configuration: configuration, tensors: tensors)
        #expect(model.heads == [.sequenceClassification] && !model.hasPooler)

        let ids: [Int32] = [4, 8, 15, 16, 23, 42]
        let types: [Int32] = [0, 1, 2, 2, 1, 0]
        let result = try #require(model.results([(ids, types)], .lastHiddenState).first).get()
        let reference = ReferenceEncoder(configuration: configuration, tensors: tensors)
        let expected = try #require(reference.hiddenStates(ids: ids, types: types).last).joined()
        for (value, exact) in zip(result.values, expected) { #expect(abs(Double(value) - exact) < 1e-4) }
        #expect(try model.results([(ids, types)], .logits).first?.get().shape == [2])
    }

    @Test("refuse what their requirements exclude")
    func requirements() throws {
        let other = "{\"model_type\": \"madeup\", \"places\": \"cosines\"}"
        #expect(throws: ModelError.self) { try read(other, tensorNames: ["stack.0.distances"]) }
        #expect(try read(other).warnings.count == 1)
        #expect(try read("{\"model_type\": \"madeup\", \"places\": \"sines\"}").warnings.isEmpty)
        #expect(throws: ModelError.self) { try read("{}") }
    }
}

extension Architecture: CustomTestStringConvertible {
    public var testDescription: String { modelType }
}
