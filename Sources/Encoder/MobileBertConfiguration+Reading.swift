package import Checkpoint
internal import LinearAlgebra

extension MobileBertConfiguration {
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
        do throws(CheckpointError) {
            try self.init(reading: file)
        } catch {
            throw .checkpoint(error)
        }
        try checkNames(file)
        try checkSizes()
        try checkLabels(file)
    }

    /// Reads every key by itself.
    private init(reading file: ConfigurationFile) throws(CheckpointError) {
        func width(_ key: String, _ fallback: Int) throws(CheckpointError) -> Int {
            try file.integer(key, default: fallback, in: Limit.width)
        }
        path = file.path
        vocabularySize = try file.integer("vocab_size", default: 30_522, in: Limit.vocabulary)
        hiddenSize = try width("hidden_size", 512)
        layerCount = try file.integer("num_hidden_layers", default: 24, in: Limit.layers)
        headCount = try width("num_attention_heads", 4)
        intermediateSize = try width("intermediate_size", 512)
        activation = .relu
        maxPositionEmbeddings = try file.integer("max_position_embeddings", default: 512, in: Limit.positions)
        typeVocabularySize = try width("type_vocab_size", 2)
        layerNormEpsilon = try file.number("layer_norm_eps", default: 1e-12, in: 0...1)
        embeddingSize = try width("embedding_size", 128)
        usesTrigramInput = try file.boolean("trigram_input", default: true)
        usesBottleneck = try file.boolean("use_bottleneck", default: true)
        intraBottleneckSize = try width("intra_bottleneck_size", 128)
        usesBottleneckAttention = try file.boolean("use_bottleneck_attention", default: false)
        sharesKeyQueryBottleneck = try file.boolean("key_query_shared_bottleneck", default: true)
        feedForwardNetworkCount = try file.integer("num_feedforward_networks", default: 4, in: 1...1_024)
        normalization = .noNorm
        activatesPooler = try file.boolean("classifier_activation", default: true)
        architectures = try file.strings("architectures") ?? []
        labels = []
        problemType = .singleLabel
    }

    /// The keys whose values are names.
    private mutating func checkNames(_ file: ConfigurationFile) throws(EncoderError) {
        let type = try Self.string(file, "model_type", "mobilebert")
        guard type == "mobilebert" else { throw unsupported("model_type", "\"\(type)\"", "\"mobilebert\"") }
        let activationName = try Self.string(file, "hidden_act", "relu")
        guard let activation = Activation(name: activationName) else {
            let known = Activation.knownNames.joined(separator: ", ")
            throw unsupported("hidden_act", "\"\(activationName)\"", "one of \(known)")
        }
        self.activation = activation
        let normalizationName = try Self.string(file, "normalization_type", "no_norm")
        guard let normalization = NormalizationType(rawValue: normalizationName) else {
            throw unsupported("normalization_type", "\"\(normalizationName)\"", "\"no_norm\" or \"layer_norm\"")
        }
        self.normalization = normalization
    }

    /// The sizes that have to fit each other.
    private func checkSizes() throws(EncoderError) {
        let widthKey = usesBottleneck ? "intra_bottleneck_size" : "hidden_size"
        guard trueHiddenSize.isMultiple(of: headCount) else {
            throw unsupported("num_attention_heads", "\(headCount)", "a divisor of \(widthKey), \(trueHiddenSize)")
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
            if file.contains("true_hidden_size") {
                _ = try file.integer("true_hidden_size", in: trueHiddenSize...trueHiddenSize)
            }
            map = try file.stringMap("id2label")
            statedCount = file.contains("num_labels") ? try file.integer("num_labels", in: Limit.labels) : nil
            problemName = file.contains("problem_type") ? try file.string("problem_type") : nil
        } catch {
            throw .checkpoint(error)
        }
        // transformers leaves id2label out of a file when it is the default: two labels.
        let count = statedCount ?? map?.count ?? 2
        guard Limit.labels.contains(count) else { throw unsupported("id2label", "no labels", "at least one") }
        labels = (0..<count).map { "LABEL_\($0)" }
        for (key, label) in map ?? [:] {
            guard let id = Int(key), labels.indices.contains(id) else {
                throw unsupported("id2label", "the id \"\(key)\"", "ids from 0 to \(count - 1)")
            }
            labels[id] = label
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
