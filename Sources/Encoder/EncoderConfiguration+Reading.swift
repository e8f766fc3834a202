package import Checkpoint
internal import JSON
internal import LinearAlgebra

extension EncoderConfiguration {
    /// The bounds that keep every product of two sizes, and every buffer, far inside what an `Int32` (OpenBLAS's
    /// sizes) and memory can hold; the largest published BERT has widths of 4,096 and a vocabulary of 501,153.
    private enum Limit {
        /// Also what an int8 product's sums bear, as integers of 32 bits: 65,536 * 255 * 127 < 2^31.
        static let width = 1...65_536
        static let layers = 0...1_024
        static let vocabulary = 1...16_777_216
        static let positions = 1...1_048_576
        static let labels = 1...1_048_576
    }

    /// Reads and checks a `config.json`.
    ///
    /// - Throws: ``EncoderError/checkpoint(_:)`` for a key of the wrong type or out of range,
    ///   ``EncoderError/unsupportedConfiguration(file:key:found:expected:)`` for keys that contradict each other.
    package init(_ file: ConfigurationFile) throws(EncoderError) {
        let architecture = try Self.architecture(file)
        do throws(CheckpointError) {
            try self.init(architecture, reading: file)
        } catch {
            throw .checkpoint(error)
        }
        try checkNames(file)
        try checkSizes()
        try checkLabels(file)
    }

    /// Reads every key by itself.
    private init(_ architecture: Architecture, reading file: ConfigurationFile) throws(CheckpointError) {
        func integer(_ key: ConfigurationKeys.Key<Int>, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
            try file.integer(key.name, default: key.fallback, in: range)
        }
        let keys = ConfigurationKeys(architecture)
        self.architecture = architecture
        path = file.path
        vocabularySize = try integer(("vocab_size", 30_522), in: Limit.vocabulary)
        hiddenSize = try integer(keys.hiddenSize, in: Limit.width)
        layerCount = try integer(keys.layerCount, in: Limit.layers)
        headCount = try integer(keys.headCount, in: Limit.width)
        intermediateSize = try integer(keys.intermediateSize, in: Limit.width)
        activation = .relu
        maxPositionEmbeddings = try integer(("max_position_embeddings", 512), in: Limit.positions)
        typeVocabularySize = architecture == .distilbert ? 0 : try integer(("type_vocab_size", 2), in: Limit.width)
        let epsilon = 1e-12
        layerNormEpsilon =
            architecture == .distilbert ? epsilon : try file.number("layer_norm_eps", default: epsilon, in: 0...1)
        plainLayerNormEpsilon = layerNormEpsilon
        embeddingSize = hiddenSize
        usesTrigramInput = false
        usesBottleneck = false
        intraBottleneckSize = hiddenSize
        usesBottleneckAttention = false
        sharesKeyQueryBottleneck = false
        feedForwardNetworkCount = 1
        normalization = .layerNorm
        activatesPooler = true
        tiesWordEmbeddings = try file.boolean("tie_word_embeddings", default: true)
        architectures = try file.strings("architectures") ?? []
        labels = []
        labelIDs = []
        problemType = .singleLabel
        if architecture == .mobilebert { try readMobileBERT(file) }
    }

    /// What only MobileBERT has.
    private mutating func readMobileBERT(_ file: ConfigurationFile) throws(CheckpointError) {
        // PyTorch's default.
        plainLayerNormEpsilon = 1e-5
        embeddingSize = try file.integer("embedding_size", default: 128, in: Limit.width)
        usesTrigramInput = try file.boolean("trigram_input", default: true)
        usesBottleneck = try file.boolean("use_bottleneck", default: true)
        intraBottleneckSize = try file.integer("intra_bottleneck_size", default: 128, in: Limit.width)
        usesBottleneckAttention = try file.boolean("use_bottleneck_attention", default: false)
        sharesKeyQueryBottleneck = try file.boolean("key_query_shared_bottleneck", default: true)
        feedForwardNetworkCount = try file.integer("num_feedforward_networks", default: 4, in: 1...1_024)
        activatesPooler = try file.boolean("classifier_activation", default: true)
    }

    /// `model_type`; else what the classes in `architectures` say; else MobileBERT.
    private static func architecture(_ file: ConfigurationFile) throws(EncoderError) -> Architecture {
        let name: String?
        let classes: [String]
        do throws(CheckpointError) {
            name = file.contains("model_type") ? try file.string("model_type") : nil
            classes = try file.strings("architectures") ?? []
        } catch {
            throw .checkpoint(error)
        }
        guard let name else { return Architecture(classes: classes) ?? .mobilebert }
        guard let architecture = Architecture(rawValue: name) else {
            throw .unsupportedConfiguration(
                file: file.path,
                key: "model_type",
                found: "\"\(name)\"",
                expected: "one of " + Architecture.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            )
        }
        return architecture
    }

    /// The keys whose values are names.
    private mutating func checkNames(_ file: ConfigurationFile) throws(EncoderError) {
        let key = ConfigurationKeys(architecture).activation
        let activationName = try Self.string(file, key.name, key.fallback)
        guard let activation = Activation(name: activationName) else {
            let known = Activation.knownNames.joined(separator: ", ")
            throw unsupported(key.name, "\"\(activationName)\"", "one of \(known)")
        }
        self.activation = activation
        if architecture == .mobilebert {
            let name = try Self.string(file, "normalization_type", NormalizationType.noNorm.rawValue)
            guard let normalization = NormalizationType(rawValue: name) else {
                throw unsupported("normalization_type", "\"\(name)\"", "\"no_norm\" or \"layer_norm\"")
            }
            self.normalization = normalization
        }
        if architecture == .bert { try checkIsPlainEncoder(file) }
    }

    /// BERT's options that make something else of it.
    private func checkIsPlainEncoder(_ file: ConfigurationFile) throws(EncoderError) {
        let positions = try Self.string(file, "position_embedding_type", "absolute")
        guard positions == "absolute" else {
            throw unsupported("position_embedding_type", "\"\(positions)\"", "\"absolute\"")
        }
        for key in ["is_decoder", "add_cross_attention"] {
            let isSet: Bool
            do throws(CheckpointError) {
                isSet = try file.boolean(key, default: false)
            } catch {
                throw .checkpoint(error)
            }
            if isSet { throw unsupported(key, "true", "false: only encoders run here") }
        }
    }

    /// The sizes that have to fit each other.
    private func checkSizes() throws(EncoderError) {
        let keys = ConfigurationKeys(architecture)
        let widthKey = usesBottleneck ? "intra_bottleneck_size" : keys.hiddenSize.name
        guard trueHiddenSize.isMultiple(of: headCount) else {
            throw unsupported(keys.headCount.name, "\(headCount)", "a divisor of \(widthKey), \(trueHiddenSize)")
        }
        if usesBottleneck, !usesBottleneckAttention, !sharesKeyQueryBottleneck, intraBottleneckSize != hiddenSize {
            throw unsupported(
                "key_query_shared_bottleneck",
                "false with use_bottleneck_attention false, so that queries and keys of size intra_bottleneck_size "
                    + "(\(intraBottleneckSize)) would be taken from hidden states of size \(hiddenSize)",
                "true, or use_bottleneck_attention true; transformers can't run this combination either"
            )
        }
    }

    /// `true_hidden_size`, which repeats other keys, and the classification head's labels.
    private mutating func checkLabels(_ file: ConfigurationFile) throws(EncoderError) {
        let map: [String: String]?
        let statedCount: Int?
        let problemName: String?
        do throws(CheckpointError) {
            if architecture == .mobilebert, file.contains("true_hidden_size") {
                _ = try file.integer("true_hidden_size", in: trueHiddenSize...trueHiddenSize)
            }
            map = try file.stringMap("id2label")
            statedCount = file.contains("num_labels") ? try file.integer("num_labels", in: Limit.labels) : nil
            problemName = file.contains("problem_type") ? try file.string("problem_type") : nil
        } catch {
            throw .checkpoint(error)
        }
        // transformers leaves id2label out of a file when it is the default: two labels. One that has not num_labels
        // entries does not count there, nor does label2id then, or alone.
        let named = map.flatMap { $0.count == statedCount ?? $0.count ? $0 : nil }
        let count = statedCount ?? map?.count ?? 2
        guard Limit.labels.contains(count) else { throw unsupported("id2label", "no labels", "at least one") }
        labels = (0..<count).map { "LABEL_\($0)" }
        for (key, label) in named ?? [:] {
            guard let id = Int(key), labels.indices.contains(id) else {
                throw unsupported("id2label", "the id \"\(key)\"", "ids from 0 to \(count - 1)")
            }
            labels[id] = label
        }
        labelIDs = labels.enumerated().map { ($1, $0) }
        if named != nil, case .object(let ids) = file.members["label2id"] {
            // Ids that no label has are of no use to anyone.
            labelIDs = ids.members.compactMap { member in
                member.value.integer.flatMap { labels.indices.contains($0) ? (member.key, $0) : nil }
            }
        }
        try setProblemType(problemName)
    }

    private mutating func setProblemType(_ name: String?) throws(EncoderError) {
        guard let name else {
            // Of one label of which nothing is said, transformers' pipeline and cross-encoders give the sigmoid.
            problemType = labels.count == 1 ? .multiLabel : .singleLabel
            return
        }
        guard let type = SequenceClassifier.ProblemType(rawValue: name) else {
            let known = SequenceClassifier.ProblemType.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw unsupported("problem_type", "\"\(name)\"", "one of \(known), or null")
        }
        guard type != .singleLabel || labels.count > 1 else {
            throw unsupported("problem_type", "\"\(name)\" with one label", "\"regression\", or two labels or more")
        }
        problemType = type
    }

    private func unsupported(_ key: String, _ found: String, _ expected: String) -> EncoderError {
        .unsupportedConfiguration(file: path, key: key, found: found, expected: expected)
    }

    private static func string(
        _ file: ConfigurationFile,
        _ key: String,
        _ fallback: String
    ) throws(EncoderError) -> String {
        do throws(CheckpointError) {
            return try file.string(key, default: fallback)
        } catch {
            throw .checkpoint(error)
        }
    }
}
