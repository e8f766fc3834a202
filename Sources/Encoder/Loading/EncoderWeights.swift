internal import LinearAlgebra
import ModelFiles

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

    /// One line for each kind of difference between the file and the model's parts.
    let warnings: [String]

    /// Folds all weights of the configured model and packs them on up to `threads` threads. The result is the same for
    /// any number of threads. `onPacked` hears of each packed part.
    init(
        _ tensors: ModelTensors,
        _ configuration: EncoderConfiguration,
        _ heads: HeadChoice,
        _ formats: WeightFormats,
        threads: Int,
        onPacked: PackingObserver? = nil
    ) throws(ModelError) {
        var reader = WeightReader(tensors, configuration, heads, formats)
        let parts: UnpackedParts
        do throws(ModelError) {
            parts = try UnpackedParts(&reader)
        } catch {
            guard case .missingTensor = error else { throw error }
            throw Self.missing(tensors, configuration, heads, formats) ?? error
        }
        WeightPacker.pack(parts.all, formats, threads: threads, onPacked: onPacked)
        source = tensors.source
        warnings = reader.warnings
        embeddings = try parts.embeddings.get()
        layers = try parts.layers.map { layer throws(ModelError) in try layer.get() }
        hiddenCarries = parts.carries
        pooler = try parts.pooler.get()
        self.heads = try parts.heads.get()
    }

    /// The error that names all missing tensors. They are found by loading a small model of the same parts from zeros.
    private static func missing(
        _ tensors: ModelTensors,
        _ configuration: EncoderConfiguration,
        _ heads: HeadChoice,
        _ formats: WeightFormats
    ) -> ModelError? {
        var reader = WeightReader(tensors.ofAnyShape, configuration.shrunk, heads, formats)
        guard (try? UnpackedParts(&reader)) != nil else { return nil }
        let missing = reader.missing
        return missing.count > 1 ? .missingTensors(file: tensors.source, tensors: missing) : nil
    }
}

/// The parts of a model before they are packed.
private struct UnpackedParts {
    let embeddings: PackedPart<Embeddings>
    let layers: [PackedPart<Layer>]
    let carries: [AffineCarry]
    let pooler: PackedPart<Pooler>
    let heads: PackedPart<Heads>

    init(_ reader: inout WeightReader) throws(ModelError) {
        embeddings = PackedPart(try Embeddings.load(&reader))
        var carries = [reader.hidden]
        var layers: [PackedPart<Layer>] = []
        for index in 0..<reader.configuration.layerCount {
            layers.append(PackedPart(try Layer.load(index, &reader)))
            carries.append(reader.hidden)
        }
        self.layers = layers
        self.carries = carries
        pooler = PackedPart(try Pooler.load(&reader))
        heads = PackedPart(try Heads.load(&reader))
    }

    var all: [any PackingJob] { [embeddings] + layers + [pooler, heads] }
}

extension EncoderConfiguration {
    /// A model of the same parts with the smallest sizes.
    fileprivate var shrunk: EncoderConfiguration {
        var shrunk = self
        let order = embeddingSize < hiddenSize ? 1 : embeddingSize == hiddenSize ? 2 : 3
        (shrunk.headCount, shrunk.hiddenSize, shrunk.embeddingSize) = (1, 2, order)
        shrunk.intraBottleneckSize = intraBottleneckSize == hiddenSize ? 2 : 1
        (shrunk.intermediateSize, shrunk.vocabularySize, shrunk.maxPositionEmbeddings) = (1, 1, 1)
        shrunk.typeVocabularySize = min(typeVocabularySize, 1)
        return shrunk
    }
}
