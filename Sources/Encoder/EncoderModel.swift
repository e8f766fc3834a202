internal import Checkpoint
internal import LinearAlgebra
import ModelFiles

/// An encoder of any ``Architecture`` and its heads: weights loaded once, read-only, shared by all workers.
///
/// Reference: transformers' `MobileBertModel`, `BertModel` and `DistilBertModel`, and their classes with heads.
package final class EncoderModel: Sendable {
    /// The contents of config.json.
    package let configuration: EncoderConfiguration
    /// The heads that the checkpoint has on top of the encoder (``HeadChoice``).
    package let heads: Set<Head>
    /// The meaning of the logits of sequence classification; nil for a checkpoint without that head.
    package var classifier: SequenceClassifier? {
        guard heads.contains(.sequenceClassification) else { return nil }
        return SequenceClassifier(
            labels: configuration.labels,
            labelIDs: configuration.labelIDs,
            problemType: configuration.problemType,
            temperature: configuration.calibrationTemperature
        )
    }
    /// transformers' class of the model: the first one that config.json names and this program knows, else the class of
    /// the head that the checkpoint has.
    package var className: String {
        let architecture = configuration.architecture
        let fitting = Head.allCases.filter(heads.contains).flatMap { architecture.classes(with: $0) }
        return configuration.architectures.first(where: fitting.contains)
            ?? fitting.first ?? "\(architecture.family)Model"
    }
    /// The file that the weights come from.
    package var source: String { weights.source }

    /// The data type, backend and kernels that the model computes with.
    package let engine: EngineDescription

    let weights: EncoderWeights
    let widths: WorkspaceWidths
    let arithmetic: Arithmetic
    let dataType: DataType
    let multiplicationsPerToken: Int

    /// Warnings for the operator about the files that the model was loaded from, one line each.
    package let warnings: [String]

    /// Loads a model folder in the Hub's layout: config.json and a checkpoint.
    ///
    /// - Parameter head: the head that the user names, whatever config.json says; it must be there.
    /// - Throws: `ModelError`, or `BackendError` where this machine can't compute in the chosen way.
    package convenience init(
        directory: String,
        head: Head? = nil,
        options: ComputeOptions = ComputeOptions()
    ) throws {
        let file = try JSONSection(path: ModelFile.configuration.path(in: directory))
        let checkpoint = try Checkpoint(directory: directory, configuration: file)
        let configuration = try EncoderConfiguration(file, tensorNames: checkpoint.tensorNames)
        try self.init(configuration: configuration, tensors: checkpoint, head: head, options: options)
    }

    /// Loads a model from named tensors.
    ///
    /// - Throws: as ``init(directory:head:options:)``.
    package convenience init(
        configuration: EncoderConfiguration,
        tensors: some NamedTensors,
        head: Head? = nil,
        options: ComputeOptions = ComputeOptions()
    ) throws {
        let formats = WeightFormats(
            dataType: options.dataType,
            arithmetic: try Arithmetic(options.backend, for: options.dataType),
            normalization: configuration.normalization
        )
        try Self.checkMemory(configuration, options, source: tensors.source)
        try self.init(
            configuration,
            tensors,
            formats,
            head: head,
            loadingThreads: options.loadingThreads,
            onPacked: options.onPacked
        )
    }

    /// Loads a model whose weights have the given formats.
    init(
        _ configuration: EncoderConfiguration,
        _ tensors: some NamedTensors,
        _ formats: WeightFormats,
        head: Head? = nil,
        loadingThreads: Int,
        onPacked: PackingObserver? = nil
    ) throws(ModelError) {
        let arithmetic = formats.arithmetic
        self.arithmetic = arithmetic
        dataType = formats.dataType
        let tensors = ModelTensors(tensors, configuration.architecture)
        let choice = try HeadChoice(configuration, tensors, named: head)
        let configuration = configuration.withLabels(ofHead: choice.classifiers.first, tensors)
        self.configuration = configuration
        weights = try EncoderWeights(
            tensors,
            configuration,
            choice,
            formats,
            threads: loadingThreads,
            onPacked: onPacked
        )
        heads = weights.heads.all
        warnings =
            configuration.warnings + [choice.warning, Self.warning(of: tensors)].compactMap(\.self) + weights.warnings
        engine = EngineDescription(
            dataType: formats.dataType.rawValue,
            backend: arithmetic.backend.rawValue,
            kernels: formats.usedFormats.map { arithmetic.productName($0) }
        )
        multiplicationsPerToken = Self.multiplicationsPerToken(configuration)
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

    /// Refuses a model whose weights cannot fit into the process's memory. Only what every such model needs is counted.
    private static func checkMemory(
        _ configuration: EncoderConfiguration,
        _ options: ComputeOptions,
        source: String
    ) throws(ModelError) {
        guard let limit = options.memoryLimit else { return }
        func bytes(as type: DataType) -> Int {
            let tables = configuration.vocabularySize * configuration.embeddingSize
            return switch type {
            case .float32: 4 * (multiplicationsPerToken(configuration) + tables)
            case .bfloat16: 2 * (multiplicationsPerToken(configuration) + tables)
            case .int8: multiplicationsPerToken(configuration) + 2 * tables
            }
        }
        let needed = bytes(as: options.dataType)
        guard needed > limit else { return }
        let fitting = [DataType.bfloat16, .int8].first { bytes(as: $0) <= limit }
        throw .tooLittleMemory(
            file: source,
            dataType: options.dataType.rawValue,
            bytes: needed,
            limit: limit,
            fitting: fitting?.rawValue
        )
    }

    private static func warning(of tensors: ModelTensors) -> String? {
        guard !tensors.wrapper.isEmpty else { return nil }
        return "\(tensors.source): the prefix \(quoted(tensors.wrapper)) of the tensors' names is taken off; "
            + "transformers would fill the whole model with random numbers"
    }

    /// Whether the model has a pooler's output. A checkpoint of a masked language model has none, for example, and no
    /// DistilBERT has one.
    package var hasPooler: Bool {
        if case .absent = weights.pooler { false } else { configuration.architecture.hasPooler }
    }

    /// Memory for one worker's forward passes, which then allocate nothing but their outputs.
    ///
    /// - Parameter threads: the most threads that a batch is divided among.
    package func makeWorkspace(threads: Int = 1) -> Workspace {
        let tokens = max(PackedBatch.blockTokens, configuration.maxPositionEmbeddings)
        let byColumns = min(tokens, WorkSlice.mostTokensByColumns(count: threads, in: dataType))
        let byRows = layout(tokens: tokens, longest: tokens, sequences: tokens, division: .rows, members: threads)
        let other = layout(
            tokens: byColumns,
            longest: byColumns,
            sequences: byColumns,
            division: .columns,
            members: min(threads, WorkSlice.mostThreadsByColumns)
        )
        return Workspace(capacity: max(byRows.capacity, other.capacity))
    }

    /// The places of a block's activations; the parameters are ``WorkspaceLayout``'s.
    func layout(
        tokens: Int,
        longest: Int,
        sequences: Int,
        division: WorkSlice.Division,
        members: Int
    ) -> WorkspaceLayout {
        WorkspaceLayout(
            tokens: tokens,
            longest: longest,
            sequences: sequences,
            division: division,
            members: members,
            widths: widths,
            arithmetic: arithmetic
        )
    }
}

/// The data type, backend and kernels that a model computes with, for reports.
package struct EngineDescription: Sendable, Equatable {
    /// "float32", "bfloat16" or "int8".
    package let dataType: String
    /// The backend that was chosen, such as "avx512".
    package let backend: String
    /// The kernels of the products, such as "gemm_f32_6x64_avx512".
    package let kernels: [String]
}
