internal import JSON
internal import LinearAlgebra
package import ModelFiles

extension EncoderConfiguration {
    /// The bounds that keep every product of two sizes, and every buffer, far inside what an `Int32` (OpenBLAS's
    /// sizes) and memory can hold; the largest published BERT has widths of 4,096 and a vocabulary of 501,153.
    private enum Limit {
        /// Also the limit of an int8 product's sums as integers of 32 bits: 65,536 * 255 * 127 < 2^31.
        static let width = 1...65_536
        static let layers = 0...1_024
        static let networks = 1...1_024
        static let vocabulary = 1...16_777_216
        static let positions = 1...1_048_576
        static let labels = 0...1_048_576
    }

    /// Reads and checks the `config.json` of a checkpoint whose tensors have these names. They tell the architecture
    /// where the file does not.
    ///
    /// - Throws: what is wrong with a key, or with keys that contradict each other.
    package init(_ file: JSONSection, tensorNames: [String] = []) throws(ModelError) {
        try self.init(file, tensorNames: tensorNames, among: Architecture.all)
    }

    /// Reads and checks the `config.json` of a model of one of some architectures.
    init(_ file: JSONSection, tensorNames: [String] = [], among known: [Architecture]) throws(ModelError) {
        let architecture = try Self.architecture(of: file, tensorNames, among: known)
        let keys = architecture.keys
        self.architecture = architecture
        path = file.path
        vocabularySize = try file.integer(keys.vocabularySize, in: Limit.vocabulary)
        hiddenSize = try file.integer(keys.hiddenSize, in: Limit.width)
        layerCount = try file.integer(keys.layerCount, in: Limit.layers)
        headCount = try file.integer(keys.headCount, in: Limit.width)
        intermediateSize = try file.integer(keys.intermediateSize, in: Limit.width)
        maxPositionEmbeddings = try file.integer(keys.maxPositionEmbeddings, in: Limit.positions)
        hasSinusoidalPositions = try file.boolean(keys.hasSinusoidalPositions)
        typeVocabularySize = try file.integer(keys.typeVocabularySize, in: Limit.width)
        layerNormEpsilon = try file.number(keys.layerNormEpsilon, in: 0...Double.greatestFiniteMagnitude)
        plainLayerNormEpsilon = keys.plainLayerNormEpsilon ?? layerNormEpsilon
        tiesWordEmbeddings = try file.boolean(keys.tiesWordEmbeddings)
        architectures = file.classNames
        embeddingSize = try file.integer(keys.embeddingSize, in: Limit.width) ?? hiddenSize
        usesTrigramInput = try file.boolean(keys.usesTrigramInput)
        usesBottleneck = try file.boolean(keys.usesBottleneck)
        intraBottleneckSize = try file.integer(keys.intraBottleneckSize, in: Limit.width) ?? hiddenSize
        usesBottleneckAttention = try file.boolean(keys.usesBottleneckAttention)
        sharesKeyQueryBottleneck = try file.boolean(keys.sharesKeyQueryBottleneck)
        feedForwardNetworkCount = try file.integer(keys.feedForwardNetworkCount, in: Limit.networks)
        activatesPooler = try file.boolean(keys.activatesPooler)
        isCausal = try file.boolean(keys.isCausal)
        activation = try Self.activation(keys.activation, of: file)
        normalization = try Self.normalization(keys.normalization, of: file)
        ((labels, labelIDs), otherLabels) = try Self.labels(of: file)
        problemType = Self.problemType(of: file, labelCount: labels.count, &warnings)
        calibrationTemperature = Self.calibrationTemperature(of: file, &warnings)
        for requirement in keys.requirements { try Self.check(requirement, of: file, tensorNames, &warnings) }
        try Self.checkQuantization(of: file, tensorNames, &warnings)
        for (key, reason) in Self.keysWithoutEffect where file.isFilled(key) {
            warnings.append("\(file.path): \(quoted(key)) is not used: \(reason)")
        }
        try checkSizes(file)
    }

    /// The architecture that `model_type` names, else the one that the tensors' names tell, else that of the classes in
    /// `architectures`. These come last because a class of the user's own may begin like another family's.
    private static func architecture(
        of file: JSONSection,
        _ tensorNames: [String],
        among known: [Architecture]
    ) throws(ModelError) -> Architecture {
        let names = known.map { quoted($0.modelType) }.joined(separator: ", ")
        guard file.contains("model_type") else {
            guard
                let architecture = Architecture.told(by: tensorNames, among: known)
                    ?? known.first(where: { $0.isNamed(in: file.classNames) })
            else {
                throw .missingKey(
                    file: file.path,
                    key: "model_type",
                    expected: "one of \(names); neither its architectures nor the tensors' names tell which"
                )
            }
            return architecture
        }
        let name = try file.string("model_type")
        guard let architecture = known.first(where: { $0.modelType == name }) else {
            throw file.wrong("model_type", .string(name), expected: "one of \(names)")
        }
        return architecture
    }

    private static func activation(
        _ key: ConfigurationKeys.Key<String>,
        of file: JSONSection
    ) throws(ModelError) -> Activation {
        let name = try file.string(key.name, default: key.fallback)
        guard let activation = Activation(name: name) else {
            // transformers has two more, whose parameters are tensors of the checkpoint.
            let hasParameters = ["prelu", "xielu"].contains(name)
            let expected = hasParameters ? "an activation without parameters of its own, one of " : "one of "
            throw file.wrong(
                key.name,
                .string(name),
                expected: expected + Activation.knownNames.joined(separator: ", ")
            )
        }
        return activation
    }

    private static func normalization(
        _ setting: ConfigurationKeys.Setting<NormalizationType>,
        of file: JSONSection
    ) throws(ModelError) -> NormalizationType {
        switch setting {
        case .fixed(let type):
            return type
        case .key(let key, let fallback):
            let name = try file.string(key, default: fallback.rawValue)
            guard let type = NormalizationType(rawValue: name) else {
                throw file.wrong(key, .string(name), expected: "\"no_norm\" or \"layer_norm\"")
            }
            return type
        }
    }

    private static func check(
        _ requirement: ConfigurationKeys.Requirement,
        of file: JSONSection,
        _ tensorNames: [String],
        _ warnings: inout [String]
    ) throws(ModelError) {
        let key = requirement.key
        guard let found = file.optional(key), found != .string(requirement.value) else { return }
        guard !tensorNames.contains(where: { $0.ends(with: requirement.tensor) }) else {
            throw file.wrong(key, found, expected: quoted(requirement.value))
        }
        warnings.append(
            "\(file.path): \(quoted(key)) is \(found.summary), which has no effect without tensors for it: "
                + "taken for \(quoted(requirement.value))"
        )
    }

    /// Keys that change what some versions of transformers make of a folder, and why they change nothing here.
    private static let keysWithoutEffect = [
        ("auto_map", "no code of a model's folder is run"),
        ("configuration_files", "the sizes are those of this file"),
        ("pruned_heads", "all heads are computed, as in transformers 5"),
    ]

    /// Ends of the names of the tensors that the formats of quantized weights add: the scales of bitsandbytes, FP8,
    /// compressed-tensors, GPTQ and AWQ, and of others.
    private static let quantizedTensors = [
        ".SCB", ".absmax", ".quant_map", ".weight_scale", ".weight_scale_inv", ".weight_packed", ".qweight", ".qzeros",
        ".scales", ".W_q", ".weight._data",
    ]

    /// Refuses weights whose numbers mean nothing without their scales.
    private static func checkQuantization(
        of file: JSONSection,
        _ tensorNames: [String],
        _ warnings: inout [String]
    ) throws(ModelError) {
        let key = "quantization_config"
        guard file.contains(key) else { return }
        if let name = tensorNames.first(where: { name in quantizedTensors.contains { name.ends(with: $0) } }) {
            let expected = "weights that are not quantized"
            throw unsupported(file, key, "quantized weights, such as those of \(quoted(name))", expected)
        }
        warnings.append("\(file.path): \(quoted(key)) is not used: the weights are computed as they are stored")
    }

    /// Checks the sizes that have to fit each other.
    private func checkSizes(_ file: JSONSection) throws(ModelError) {
        let keys = architecture.keys
        let width = usesBottleneck ? keys.intraBottleneckSize ?? keys.hiddenSize : keys.hiddenSize
        guard trueHiddenSize.isMultiple(of: headCount) else {
            let expected = "a divisor of \(width.name), \(trueHiddenSize)"
            throw Self.unsupported(file, keys.headCount.name, "\(headCount)", expected)
        }
        if usesBottleneck, !usesBottleneckAttention, !sharesKeyQueryBottleneck, intraBottleneckSize != hiddenSize {
            let attention = keys.usesBottleneckAttention.name
            throw Self.unsupported(
                file,
                keys.sharesKeyQueryBottleneck.name,
                "false with \(attention) false, so that queries and keys of size \(width.name) "
                    + "(\(intraBottleneckSize)) would be taken from hidden states of size \(hiddenSize)",
                "true, or \(attention) true; transformers can't run this combination either"
            )
        }
        guard let key = keys.trueHiddenSize, file.contains(key) else { return }
        _ = try file.integer(key, in: trueHiddenSize...trueHiddenSize)
    }

    /// The labels of the classification head as transformers 5 takes them, and id2label where that is another count.
    private static func labels(of file: JSONSection) throws(ModelError) -> (Labels, other: Labels?) {
        let map = try file.labelMap("id2label")
        let statedCount = file.contains("num_labels") ? try file.integer("num_labels", in: Limit.labels) : nil
        guard let map else { return (labels([:], count: statedCount ?? 2, ids: nil), nil) }
        let named = labels(map, count: map.count, ids: file.members["label2id"])
        guard let statedCount, statedCount != map.count else { return (named, nil) }
        return (labels([:], count: statedCount, ids: nil), named)
    }

    /// Labels by their ids, with LABEL_i for ids that the map lacks. Ids that no label has are of no use.
    private static func labels(_ map: [Int: String], count: Int, ids: JSONValue?) -> Labels {
        let labels = (0..<count).map { map[$0] ?? "LABEL_\($0)" }
        guard case .object(let ids) = ids else { return (labels, labels.enumerated().map { ($1, $0) }) }
        let labelIDs = ids.members.compactMap { member in
            member.value.integer.flatMap { labels.indices.contains($0) ? (member.key, $0) : nil }
        }
        return (labels, labelIDs)
    }

    /// Whether a head for labels may have so many outputs.
    func hasLabels(count: Int) -> Bool { labels.count == count || otherLabels?.labels.count == count }

    /// The configuration with the labels that fit the tensors of `head`.
    func withLabels(ofHead head: Head?, _ tensors: ModelTensors) -> EncoderConfiguration {
        guard let head, let otherLabels, let layer = architecture.heads[head]?.layer,
            tensors.shape("\(layer).weight")?.first == otherLabels.labels.count
        else { return self }
        var configuration = self
        (configuration.labels, configuration.labelIDs) = otherLabels
        return configuration
    }

    private static func problemType(
        of file: JSONSection,
        labelCount: Int,
        _ warnings: inout [String]
    ) -> SequenceClassifier.ProblemType {
        // transformers' pipeline and cross-encoders give one label its sigmoid, unless it is a regression.
        let standard = labelCount == 1 ? SequenceClassifier.ProblemType.multiLabel : .singleLabel
        guard let value = file.optional("problem_type") else { return standard }
        guard case .string(let name) = value, let type = SequenceClassifier.ProblemType(rawValue: name) else {
            let known = SequenceClassifier.ProblemType.allCases.map { quoted($0.rawValue) }.joined(separator: ", ")
            warnings.append("\(file.path): \"problem_type\" is \(value.summary), which is none of \(known): not used")
            return standard
        }
        return type == .singleLabel ? standard : type
    }

    private static func calibrationTemperature(of file: JSONSection, _ warnings: inout [String]) -> Double? {
        let key = HeadConfiguration.temperatureKey
        guard let value = file.optional(key) else { return nil }
        if let temperature = value.double, temperature > 0 { return temperature }
        warnings.append("\(file.path): \(quoted(key)) is \(value.summary), which is no number above 0: not used")
        return nil
    }

    private static func unsupported(
        _ file: JSONSection,
        _ key: String,
        _ found: String,
        _ expected: String
    ) -> ModelError {
        .wrongValue(file: file.path, key: key, found: found, expected: expected)
    }
}

extension JSONSection {
    /// `architectures`, a list of names or one. transformers looks names up in it, and passes over anything else.
    fileprivate var classNames: [String] {
        let elements: [JSONValue] =
            switch members["architectures"] {
            case .array(let elements): elements
            case let value: value.map { [$0] } ?? []
            }
        return elements.compactMap { if case .string(let name) = $0 { name } else { nil } }
    }

    /// Whether `key` is there with anything but null and an empty list or object.
    fileprivate func isFilled(_ key: String) -> Bool {
        switch optional(key) {
        case nil: false
        case .array(let elements): !elements.isEmpty
        case .object(let object): object.count > 0
        default: true
        }
    }

    fileprivate func integer(
        _ key: ConfigurationKeys.Key<Int>,
        in range: ClosedRange<Int>
    ) throws(ModelError) -> Int {
        if let other = key.otherName, contains(other) { return try integer(other, in: range) }
        return try integer(key.name, default: key.fallback, in: range)
    }

    /// nil where the architecture has no such key.
    fileprivate func integer(
        _ key: ConfigurationKeys.Key<Int>?,
        in range: ClosedRange<Int>
    ) throws(ModelError) -> Int? {
        guard let key else { return nil }
        return try integer(key, in: range) as Int
    }

    fileprivate func integer(
        _ setting: ConfigurationKeys.Setting<Int>,
        in range: ClosedRange<Int>
    ) throws(ModelError) -> Int {
        switch setting {
        case .fixed(let value): value
        case .key(let name, let fallback): try integer(name, default: fallback, in: range)
        }
    }

    fileprivate func number(
        _ setting: ConfigurationKeys.Setting<Double>,
        in range: ClosedRange<Double>
    ) throws(ModelError) -> Double {
        switch setting {
        case .fixed(let value): value
        case .key(let name, let fallback): try number(name, default: fallback, in: range)
        }
    }

    fileprivate func boolean(_ key: ConfigurationKeys.Key<Bool>) throws(ModelError) -> Bool {
        try truth(key.name, default: key.fallback)
    }

    fileprivate func boolean(_ setting: ConfigurationKeys.Setting<Bool>) throws(ModelError) -> Bool {
        switch setting {
        case .fixed(let value): value
        case .key(let name, let fallback): try truth(name, default: fallback)
        }
    }

    /// `true` or `false`, or 1 or 0, which Python takes for them.
    fileprivate func truth(_ key: String, default fallback: Bool) throws(ModelError) -> Bool {
        switch optional(key)?.integer {
        case 0: false
        case 1: true
        default: try boolean(key, default: fallback)
        }
    }

    /// Labels by their ids. A label may be any single value, as in Python; of equal ids the last one counts.
    fileprivate func labelMap(_ key: String) throws(ModelError) -> [Int: String]? {
        guard let value = optional(key) else { return nil }
        guard case .object(let entries) = value else {
            throw wrong(key, value, expected: "an object of ids and labels")
        }
        var map: [Int: String] = [:]
        for entry in entries.members {
            guard let id = Int(entry.key.stripped) else {
                throw wrong(key, .string(entry.key), expected: "ids that are integers")
            }
            switch entry.value {
            case .string(let label), .number(let label): map[id] = label
            case .boolean, .null: map[id] = entry.value.summary
            case .array, .object: throw wrong("\(key).\(entry.key)", entry.value, expected: "a string")
            }
        }
        return map
    }
}
