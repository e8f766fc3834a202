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

    /// Folds and packs all weights of the configured model, on up to `threads` threads, and makes sure that the
    /// checkpoint holds nothing else. What comes out is the same for any number of threads.
    init(
        _ tensors: any NamedTensors,
        _ configuration: MobileBertConfiguration,
        _ formats: WeightFormats,
        threads: Int
    ) throws(EncoderError) {
        var reader = WeightReader(tensors)
        source = reader.source
        let (embeddings, firstCarry) = try Embeddings.load(&reader, configuration, formats)
        var carry = firstCarry
        var parts = [Part.packing(embeddings) { .embeddings($0) }]
        var carries = [carry]
        for index in 0..<configuration.layerCount {
            let layer = try LayerLoader.load(index, &reader, configuration, carry: &carry)
            parts.append(Part.packing(layer) { .layer($0) })
            carries.append(carry)
        }
        let pooler = try Self.pooler(&reader, configuration, carry)
        parts.append(Part.packing(pooler) { .pooler($0) })
        hiddenCarries = carries
        classifier = try Self.classifier(&reader, configuration)

        let packed = try WeightPacker.pack(parts, formats, threads: threads)
        guard case .embeddings(let embeddings) = packed.first, case .pooler(let pooler) = packed.last else {
            preconditionFailure("the embeddings come first and the pooler last")
        }
        self.embeddings = embeddings
        layers = packed.compactMap { if case .layer(let layer) = $0 { layer } else { nil } }
        self.pooler = pooler
        try reader.checkNothingIsLeft()
    }

    /// What is packed side by side.
    private enum Part: Sendable {
        case embeddings(Embeddings)
        case layer(Layer)
        case pooler(Pooler)

        static func packing<Value>(
            _ packing: @escaping Packing<Value>,
            as part: @escaping @Sendable (Value) -> Part
        ) -> Packing<Part> {
            { packer throws(EncoderError) in
                let value = try packing(&packer)
                return part(value)
            }
        }
    }

    /// A base model may lack the pooler, as a masked language model's checkpoint does; a sequence classifier may not.
    private static func pooler(
        _ reader: inout WeightReader,
        _ configuration: MobileBertConfiguration,
        _ carry: AffineCarry
    ) throws(EncoderError) -> Packing<Pooler> {
        guard configuration.activatesPooler else { return { _ in .firstToken } }
        let name = "pooler.dense"
        let exists = reader.hasModelTensor("\(name).weight") || reader.hasModelTensor("\(name).bias")
        guard exists || configuration.isSequenceClassifier else { return { _ in .absent } }
        var dense = try reader.dense(name, outputs: configuration.hiddenSize, inputs: configuration.hiddenSize)
        dense.readStream(carry)
        return { [dense] packer throws(EncoderError) in
            .dense(try packer.layer(dense, for: .pooler, biased: true, activation: .tanh))
        }
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
