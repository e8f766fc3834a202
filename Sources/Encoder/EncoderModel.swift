internal import Checkpoint
internal import LinearAlgebra

/// An encoder of any ``Architecture`` and its heads: weights loaded once, read-only, shared by all workers.
///
/// Reference: transformers' `MobileBertModel`, `BertModel` and `DistilBertModel`, and their classes with heads.
package final class EncoderModel: Sendable {
    /// What config.json says.
    package let configuration: EncoderConfiguration
    /// What the checkpoint has on top of the encoder. Which head a `classifier` is, is said by config.json's
    /// architectures; the others are those whose tensors are all there.
    package let heads: Set<Head>
    /// nil unless the checkpoint is one for sequence classification.
    package var classifier: SequenceClassifier? {
        guard heads.contains(.sequenceClassification) else { return nil }
        return SequenceClassifier(
            labels: configuration.labels,
            labelIDs: configuration.labelIDs,
            problemType: configuration.problemType
        )
    }
    /// The file that the weights come from.
    package var source: String { weights.source }

    /// What it computes with.
    package let engine: EngineDescription

    let weights: EncoderWeights
    let widths: WorkspaceWidths
    let arithmetic: Arithmetic
    let dataType: DataType

    /// Loads a model folder in the Hub's layout: config.json and a checkpoint.
    ///
    /// - Throws: ``EncoderError``.
    package convenience init(
        directory: String,
        options: EngineOptions = EngineOptions()
    ) throws(EncoderError) {
        let file: ConfigurationFile
        let checkpoint: Checkpoint
        do throws(CheckpointError) {
            file = try ConfigurationFile(path: "\(directory)/config.json")
            checkpoint = try Checkpoint(directory: directory)
        } catch {
            throw .checkpoint(error)
        }
        try self.init(configuration: EncoderConfiguration(file), tensors: checkpoint, options: options)
    }

    /// Loads a model from named tensors.
    ///
    /// - Throws: ``EncoderError``.
    package convenience init(
        configuration: EncoderConfiguration,
        tensors: some NamedTensors,
        options: EngineOptions = EngineOptions()
    ) throws(EncoderError) {
        let arithmetic: Arithmetic
        do throws(BackendError) {
            arithmetic = try Arithmetic(options.backend, for: options.dataType)
        } catch {
            throw .backend(error)
        }
        let formats = WeightFormats(
            dataType: options.dataType,
            arithmetic: arithmetic,
            normalization: configuration.normalization
        )
        try self.init(configuration, tensors, formats, loadingThreads: options.loadingThreads)
    }

    /// Loads a model whose weights have the given formats.
    init(
        _ configuration: EncoderConfiguration,
        _ tensors: some NamedTensors,
        _ formats: WeightFormats,
        loadingThreads: Int
    ) throws(EncoderError) {
        let arithmetic = formats.arithmetic
        self.arithmetic = arithmetic
        dataType = formats.dataType
        self.configuration = configuration
        weights = try EncoderWeights(tensors, configuration, formats, threads: loadingThreads)
        heads = weights.heads.all
        engine = EngineDescription(
            dataType: formats.dataType.rawValue,
            backend: arithmetic.backend.rawValue,
            kernels: formats.usedFormats.map { arithmetic.productName($0) }
        )
        var widths = WorkspaceWidths()
        widths.hidden = configuration.hiddenSize
        widths.embedded = weights.embeddings.embeddedWidth
        widths.trueHidden = configuration.trueHiddenSize
        widths.intermediate = configuration.intermediateSize
        widths.bottleneck = weights.layers.first?.bottleneck?.projection.weight.outputs ?? 0
        widths.projection = weights.layers.first?.attention.projection.weight.outputs ?? 0
        widths.head = configuration.headSize
        widths.vocabulary = weights.heads.languageModel?.decoder.weight.outputs ?? 0
        self.widths = widths
    }

    /// Whether there is a pooler's output: not in a checkpoint of a masked language model, for one, or a DistilBERT's.
    package var hasPooler: Bool {
        if case .absent = weights.pooler { false } else { configuration.architecture.hasPooler }
    }

    /// Memory for one worker's forward passes, which then allocate nothing but their outputs.
    /// - Parameter members: most threads that a batch is split over.
    package func makeWorkspace(members: Int = 1) -> Workspace {
        let tokens = max(PackedBatch.blockTokens, configuration.maxPositionEmbeddings)
        let byColumns = min(tokens, Share.mostTokensByColumns(count: members, in: dataType))
        let capacities = [(tokens, .rows, members), (byColumns, .columns, min(members, Share.columnMembers))]
            .map { (tokens: Int, division: Share.Division, members: Int) in
                layout(tokens: tokens, longest: tokens, texts: tokens, division: division, members: members).capacity
            }
        return Workspace(capacity: capacities.max() ?? 0)
    }

    /// Where the activations of a block are; its parameters are ``WorkspaceLayout``'s.
    func layout(
        tokens: Int,
        longest: Int,
        texts: Int,
        division: Share.Division,
        members: Int
    ) -> WorkspaceLayout {
        WorkspaceLayout(
            tokens: tokens,
            longest: longest,
            texts: texts,
            division: division,
            members: members,
            widths: widths,
            arithmetic: arithmetic
        )
    }
}
