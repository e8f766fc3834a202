internal import LinearAlgebra

/// All weights of a model, folded and packed.
struct EncoderWeights: Sendable {
    let embeddings: Embeddings
    let layers: [Layer]
    /// The carries of the hidden states' stream after the embeddings and after each layer.
    let hiddenCarries: [AffineCarry]
    let pooler: Pooler
    let heads: Heads
    /// The file read, for messages.
    let source: String

    /// Folds all weights of the configured model, checks that the checkpoint holds nothing else, and packs the weights
    /// on up to `threads` threads. The result is the same for any number of threads.
    init(
        _ tensors: any NamedTensors,
        _ configuration: EncoderConfiguration,
        _ formats: WeightFormats,
        threads: Int
    ) throws(EncoderError) {
        var reader = WeightReader(tensors, configuration, formats)
        source = reader.source
        let embeddings = PackedPart(try Embeddings.load(&reader))
        var carries = [reader.hidden]
        var layers: [PackedPart<Layer>] = []
        for index in 0..<configuration.layerCount {
            layers.append(PackedPart(try Layer.load(index, &reader)))
            carries.append(reader.hidden)
        }
        let pooler = PackedPart(try Pooler.load(&reader))
        let heads = PackedPart(try Heads.load(&reader))
        try reader.checkNothingIsLeft()

        let parts: [[any PackingJob]] = [[embeddings], layers, [pooler, heads]]
        WeightPacker.pack(Array(parts.joined()), formats, threads: threads)
        self.embeddings = try embeddings.get()
        self.layers = try layers.map { layer throws(EncoderError) in try layer.get() }
        self.pooler = try pooler.get()
        self.heads = try heads.get()
        hiddenCarries = carries
    }
}
