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
        static let labels = 1...1_048_576
    }

    /// Reads and checks a `config.json`.
    ///
    /// - Throws: ``EncoderError/checkpoint(_:)`` for a key of the wrong type or out of range,
    ///   ``EncoderError/unsupportedConfiguration(file:key:found:expected:)`` for keys that contradict each other.
    package init(_ file: JSONSection) throws(EncoderError) {
        try self.init(file, among: Architecture.all)
    }

    /// Reads and checks the `config.json` of a model of one of some architectures. A file that does not name any is the
    /// first one's.
    init(_ file: JSONSection, among known: [Architecture]) throws(EncoderError) {
        let architecture = try Self.architecture(of: file, among: known)
        let keys = architecture.keys
        self.architecture = architecture
        path = file.path
        do throws(ModelError) {
            vocabularySize = try file.integer(keys.vocabularySize, in: Limit.vocabulary)
            hiddenSize = try file.integer(keys.hiddenSize, in: Limit.width)
            layerCount = try file.integer(keys.layerCount, in: Limit.layers)
            headCount = try file.integer(keys.headCount, in: Limit.width)
            intermediateSize = try file.integer(keys.intermediateSize, in: Limit.width)
            maxPositionEmbeddings = try file.integer(keys.maxPositionEmbeddings, in: Limit.positions)
            typeVocabularySize = try file.integer(keys.typeVocabularySize, in: Limit.width)
            layerNormEpsilon = try file.number(keys.layerNormEpsilon, in: 0...1)
            plainLayerNormEpsilon = keys.plainLayerNormEpsilon ?? layerNormEpsilon
            tiesWordEmbeddings = try file.boolean(keys.tiesWordEmbeddings)
            architectures = try file.strings("architectures") ?? []
            embeddingSize = try file.integer(keys.embeddingSize, in: Limit.width) ?? hiddenSize
            usesTrigramInput = try file.boolean(keys.usesTrigramInput)
            usesBottleneck = try file.boolean(keys.usesBottleneck)
            intraBottleneckSize = try file.integer(keys.intraBottleneckSize, in: Limit.width) ?? hiddenSize
            usesBottleneckAttention = try file.boolean(keys.usesBottleneckAttention)
            sharesKeyQueryBottleneck = try file.boolean(keys.sharesKeyQueryBottleneck)
            feedForwardNetworkCount = try file.integer(keys.feedForwardNetworkCount, in: Limit.networks)
            activatesPooler = try file.boolean(keys.activatesPooler)
        } catch {
            throw .checkpoint(error)
        }
        activation = try Self.activation(keys.activation, of: file)
        normalization = try Self.normalization(keys.normalization, of: file)
        (labels, labelIDs) = try Self.labels(of: file)
        problemType = try Self.problemType(of: file, labelCount: labels.count)
        for requirement in keys.requirements { try Self.check(requirement, of: file) }
        try checkSizes(file)
    }

    /// The architecture that `model_type` names, else that of the classes in `architectures`, else the first.
    private static func architecture(
        of file: JSONSection,
        among known: [Architecture]
    ) throws(EncoderError) -> Architecture {
        let name: String?
        let classes: [String]
        do throws(ModelError) {
            name = file.contains("model_type") ? try file.string("model_type") : nil
            classes = try file.strings("architectures") ?? []
        } catch {
            throw .checkpoint(error)
        }
        guard let name else { return known.first { $0.isNamed(in: classes) } ?? known[0] }
        guard let architecture = known.first(where: { $0.modelType == name }) else {
            let names = known.map { "\"\($0.modelType)\"" }.joined(separator: ", ")
            throw unsupported(file, "model_type", "\"\(name)\"", "one of \(names)")
        }
        return architecture
    }

    private static func activation(
        _ key: ConfigurationKeys.Key<String>,
        of file: JSONSection
    ) throws(EncoderError) -> Activation {
        let name = try string(key.name, default: key.fallback, of: file)
        guard let activation = Activation(name: name) else {
            let known = Activation.knownNames.joined(separator: ", ")
            throw unsupported(file, key.name, "\"\(name)\"", "one of \(known)")
        }
        return activation
    }

    private static func normalization(
        _ setting: ConfigurationKeys.Setting<NormalizationType>,
        of file: JSONSection
    ) throws(EncoderError) -> NormalizationType {
        switch setting {
        case .fixed(let type):
            return type
        case .key(let key, let fallback):
            let name = try string(key, default: fallback.rawValue, of: file)
            guard let type = NormalizationType(rawValue: name) else {
                throw unsupported(file, key, "\"\(name)\"", "\"no_norm\" or \"layer_norm\"")
            }
            return type
        }
    }

    private static func check(
        _ requirement: ConfigurationKeys.Requirement,
        of file: JSONSection
    ) throws(EncoderError) {
        switch requirement {
        case .string(let key, let value):
            let found = try string(key, default: value, of: file)
            guard found == value else { throw unsupported(file, key, "\"\(found)\"", "\"\(value)\"") }
        case .isFalse(let key, let reason):
            let isSet: Bool
            do throws(ModelError) {
                isSet = try file.boolean(key, default: false)
            } catch {
                throw .checkpoint(error)
            }
            if isSet { throw unsupported(file, key, "true", "false: \(reason)") }
        }
    }

    /// Checks the sizes that have to fit each other.
    private func checkSizes(_ file: JSONSection) throws(EncoderError) {
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
        do throws(ModelError) {
            _ = try file.integer(key, in: trueHiddenSize...trueHiddenSize)
        } catch {
            throw .checkpoint(error)
        }
    }

    /// The labels of the classification head, in id order, and the ids of labels by name.
    private static func labels(
        of file: JSONSection
    ) throws(EncoderError) -> ([String], [(label: String, id: Int)]) {
        let map: [String: String]?
        let statedCount: Int?
        do throws(ModelError) {
            map = try file.stringMap("id2label")
            statedCount = file.contains("num_labels") ? try file.integer("num_labels", in: Limit.labels) : nil
        } catch {
            throw .checkpoint(error)
        }
        // transformers leaves id2label out of a file when it is the default: two labels. It ignores an id2label that
        // has not num_labels entries, and a label2id without an id2label that counts.
        let named = map.flatMap { $0.count == statedCount ?? $0.count ? $0 : nil }
        let count = statedCount ?? map?.count ?? 2
        guard Limit.labels.contains(count) else { throw unsupported(file, "id2label", "no labels", "at least one") }
        var labels = (0..<count).map { "LABEL_\($0)" }
        for (key, label) in named ?? [:] {
            guard let id = Int(key), labels.indices.contains(id) else {
                throw unsupported(file, "id2label", "the id \"\(key)\"", "ids from 0 to \(count - 1)")
            }
            labels[id] = label
        }
        guard named != nil, case .object(let ids) = file.members["label2id"] else {
            return (labels, labels.enumerated().map { ($1, $0) })
        }
        // Ids that no label has are of no use.
        let labelIDs = ids.members.compactMap { member in
            member.value.integer.flatMap { labels.indices.contains($0) ? (member.key, $0) : nil }
        }
        return (labels, labelIDs)
    }

    private static func problemType(
        of file: JSONSection,
        labelCount: Int
    ) throws(EncoderError) -> SequenceClassifier.ProblemType {
        let key = "problem_type"
        guard file.contains(key) else {
            // For one label without a problem_type, transformers' pipeline and cross-encoders give the sigmoid.
            return labelCount == 1 ? .multiLabel : .singleLabel
        }
        let name = try string(key, default: "", of: file)
        guard let type = SequenceClassifier.ProblemType(rawValue: name) else {
            let known = SequenceClassifier.ProblemType.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw unsupported(file, key, "\"\(name)\"", "one of \(known), or null")
        }
        guard type != .singleLabel || labelCount > 1 else {
            throw unsupported(file, key, "\"\(name)\" with one label", "\"regression\", or two labels or more")
        }
        return type
    }

    private static func unsupported(
        _ file: JSONSection,
        _ key: String,
        _ found: String,
        _ expected: String
    ) -> EncoderError {
        .unsupportedConfiguration(file: file.path, key: key, found: found, expected: expected)
    }

    private static func string(
        _ key: String,
        default fallback: String,
        of file: JSONSection
    ) throws(EncoderError) -> String {
        do throws(ModelError) {
            return try file.string(key, default: fallback)
        } catch {
            throw .checkpoint(error)
        }
    }
}

extension JSONSection {
    fileprivate func integer(
        _ key: ConfigurationKeys.Key<Int>,
        in range: ClosedRange<Int>
    ) throws(ModelError) -> Int {
        try integer(key.name, default: key.fallback, in: range)
    }

    /// nil where the architecture has no such key.
    fileprivate func integer(
        _ key: ConfigurationKeys.Key<Int>?,
        in range: ClosedRange<Int>
    ) throws(ModelError) -> Int? {
        guard let key else { return nil }
        return try integer(key.name, default: key.fallback, in: range)
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
        try boolean(key.name, default: key.fallback)
    }

    fileprivate func boolean(_ setting: ConfigurationKeys.Setting<Bool>) throws(ModelError) -> Bool {
        switch setting {
        case .fixed(let value): value
        case .key(let name, let fallback): try boolean(name, default: fallback)
        }
    }
}
