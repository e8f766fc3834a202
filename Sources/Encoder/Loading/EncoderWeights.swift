internal import LinearAlgebra

/// Everything that a checkpoint gives a model, folded and packed.
struct EncoderWeights: Sendable {
    let embeddings: Embeddings
    let layers: [Layer]
    /// What is still to be applied to the hidden states' stream: after the embeddings and after each layer.
    let hiddenCarries: [AffineCarry]
    let pooler: Pooler
    let heads: Heads
    /// The file read, for messages.
    let source: String

    /// Folds and packs all weights of the configured model, on up to `threads` threads, and makes sure that the
    /// checkpoint holds nothing else. What comes out is the same for any number of threads.
    init(
        _ tensors: any NamedTensors,
        _ configuration: EncoderConfiguration,
        _ formats: WeightFormats,
        threads: Int
    ) throws(EncoderError) {
        var reader = WeightReader(tensors, of: configuration.architecture)
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
        let loader = HeadLoader(configuration: configuration)
        var heads = Heads(dense: try loader.dense(&reader))
        if let languageModel = try loader.languageModel(&reader, carry) {
            parts.append(Part.packing(languageModel) { .languageModel($0) })
        }
        try reader.checkNothingIsLeft()

        let packed = try WeightPacker.pack(parts, formats, threads: threads)
        guard case .embeddings(let embeddings) = packed[0], case .pooler(let pooler) = packed[carries.count] else {
            preconditionFailure("the embeddings come first, and the pooler behind the layers")
        }
        self.embeddings = embeddings
        layers = packed.compactMap { if case .layer(let layer) = $0 { layer } else { nil } }
        self.pooler = pooler
        if case .languageModel(let head) = packed.last { heads.languageModel = head }
        self.heads = heads
    }

    /// What is packed side by side.
    private enum Part: Sendable {
        case embeddings(Embeddings)
        case layer(Layer)
        case pooler(Pooler)
        case languageModel(LanguageModelHead)

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

    /// A base model may lack the pooler, as a masked language model's checkpoint does; one with a head that reads its
    /// output may not.
    private static func pooler(
        _ reader: inout WeightReader,
        _ configuration: EncoderConfiguration,
        _ carry: AffineCarry
    ) throws(EncoderError) -> Packing<Pooler> {
        guard configuration.activatesPooler else { return { _ in .firstToken } }
        let name = reader.names.pooler
        let exists = reader.contains("\(name).weight") || reader.contains("\(name).bias")
        guard exists || configuration.statedHeads.contains(where: \.readsPooler) else { return { _ in .absent } }
        var dense = try reader.dense(name, outputs: configuration.hiddenSize, inputs: configuration.hiddenSize)
        dense.readStream(carry)
        return { [dense, activation = configuration.architecture.poolerActivation] packer throws(EncoderError) in
            .dense(try packer.layer(dense, for: .pooler, biased: true, activation: activation))
        }
    }
}
