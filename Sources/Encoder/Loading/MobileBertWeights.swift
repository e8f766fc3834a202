internal import LinearAlgebra

/// Everything that a checkpoint gives a model, folded and packed.
struct MobileBertWeights: Sendable {
    let embeddings: Embeddings
    let layers: [Layer]
    /// What is still to be applied to the hidden states' stream: after the embeddings and after each layer.
    let hiddenCarries: [AffineCarry]
    let pooler: Pooler
    let classifier: SequenceClassifier?
    /// The file read, for messages.
    let source: String

    /// Reads and folds all weights of the configured model, and makes sure that the checkpoint holds nothing else.
    init(
        _ tensors: any NamedTensors,
        _ configuration: MobileBertConfiguration,
        _ formats: WeightFormats
    ) throws(EncoderError) {
        var reader = WeightReader(tensors)
        source = reader.source
        var carry: AffineCarry
        (embeddings, carry) = try Embeddings.load(&reader, configuration, formats)
        var layers: [Layer] = []
        var carries = [carry]
        for index in 0..<configuration.layerCount {
            layers.append(try LayerLoader.load(index, &reader, configuration, formats, carry: &carry))
            carries.append(carry)
        }
        self.layers = layers
        hiddenCarries = carries
        pooler = try Self.pooler(&reader, configuration, formats, carry)
        classifier = try Self.classifier(&reader, configuration)
        try reader.checkNothingIsLeft()
    }

    /// A base model may lack the pooler, as a masked language model's checkpoint does; a sequence classifier may not.
    private static func pooler(
        _ reader: inout WeightReader,
        _ configuration: MobileBertConfiguration,
        _ formats: WeightFormats,
        _ carry: AffineCarry
    ) throws(EncoderError) -> Pooler {
        guard configuration.activatesPooler else { return .firstToken }
        let name = "pooler.dense"
        let exists = reader.hasModelTensor("\(name).weight") || reader.hasModelTensor("\(name).bias")
        guard exists || configuration.isSequenceClassifier else { return .absent }
        var dense = try reader.dense(name, outputs: configuration.hiddenSize, inputs: configuration.hiddenSize)
        dense.readStream(carry)
        let weight = dense.packedWeight(.pooler, formats)
        return .dense(LinearLayer(weight: weight, bias: dense.roundedBias, activation: .tanh))
    }

    private static func classifier(
        _ reader: inout WeightReader,
        _ configuration: MobileBertConfiguration
    ) throws(EncoderError) -> SequenceClassifier? {
        guard configuration.isSequenceClassifier else { return nil }
        let labels = configuration.labels
        return SequenceClassifier(
            labels: labels,
            problemType: configuration.problemType,
            weight: try reader.headTensor("classifier.weight", shape: [labels.count, configuration.hiddenSize]),
            bias: try reader.headTensor("classifier.bias", shape: [labels.count])
        )
    }
}
