import ModelFiles

/// The heads of a checkpoint that are loaded, and those that have to be complete.
///
/// `architectures` in config.json names them; without a class that this program knows, the tensors tell. Heads for the
/// labels of texts, of tokens and of choices have the same tensors in most architectures, so only one of them is
/// loaded: the one that the user names, else that of `architectures`, else the one that fits the tensors.
struct HeadChoice: Sendable {
    /// The head among those that share tensors; nil where the checkpoint has none of them.
    private(set) var classifier: Head?
    /// The heads whose tensors must be there; those of others are loaded if they are complete.
    private(set) var required: Set<Head>
    /// The head that the user names. At least this one must be there.
    let named: Head?
    /// The warning about the choice; nil if the choice was not made here.
    private(set) var warning: String?

    /// The heads that share tensors.
    private static let classifiers: [Head] = [.sequenceClassification, .tokenClassification, .multipleChoice]

    /// - Parameter named: the head that the user names, whatever config.json says.
    /// - Throws: `wrongValue` for a head that no model of the architecture has.
    init(
        _ configuration: EncoderConfiguration,
        _ tensors: ModelTensors,
        named: Head?
    ) throws(ModelError) {
        self.named = named
        let stated = configuration.statedHeads
        required = Set(stated)
        if let named {
            guard configuration.architecture.heads[named] != nil else {
                throw .wrongValue(
                    file: configuration.path,
                    key: "model_type",
                    found: quoted(configuration.architecture.modelType),
                    expected: "an architecture that has a head for the task \(named.rawValue)"
                )
            }
            required.insert(named)
            if Self.classifiers.contains(named) {
                required.subtract(Self.classifiers.filter { $0 != named })
                classifier = named
                return
            }
        }
        classifier = Self.classifiers.first(where: stated.contains)
        guard classifier == nil else { return }
        let layers = Set(Self.classifiers.compactMap { configuration.architecture.heads[$0]?.layer })
        guard let layer = layers.sorted().first(where: { tensors.contains("\($0).weight") }) else { return }
        let fitting = Self.classifiers.filter { Self.fits($0, configuration, tensors) }
        classifier = fitting.first
        let classes = "\(configuration.path): \"architectures\" names no class with \(quoted(layer))"
        if let classifier {
            let others = fitting.dropFirst().map(\.rawValue)
            warning =
                "\(classes): by its tensors it is a head for \(classifier.rawValue)"
                + (others.isEmpty ? "" : ", or for \(others.joined(separator: " or ")) if --task says so")
        } else {
            warning =
                "\(classes), and its tensors fit no head with \(configuration.labels.count) labels: it is not used"
        }
    }

    /// Whether the tensors can be those of the head. A head for tokens has no pooler beside it.
    private static func fits(_ head: Head, _ configuration: EncoderConfiguration, _ tensors: ModelTensors) -> Bool {
        let (architecture, width) = (configuration.architecture, configuration.hiddenSize)
        guard let layer = architecture.heads[head]?.layer, let rows = tensors.shape("\(layer).weight")?.first,
            tensors.shape("\(layer).weight") == [rows, width], tensors.shape("\(layer).bias") ?? [rows] == [rows]
        else { return false }
        let pooler = architecture.tensors.pooler
        let hasPooler =
            tensors.shape("\(pooler).weight") == [width, width]
            && tensors.shape("\(pooler).bias") ?? [width] == [width]
        return switch head {
        case .multipleChoice: rows == 1 && (hasPooler || !configuration.activatesPooler)
        case .tokenClassification: configuration.hasLabels(count: rows) && !hasPooler
        default: configuration.hasLabels(count: rows) && (hasPooler || !configuration.activatesPooler)
        }
    }

    /// Whether one of the heads that must be there reads the pooler's output.
    func readsPooler(_ configuration: EncoderConfiguration, _ tensors: (String) -> Bool) -> Bool {
        required.contains { head in
            guard head.readsPooler else { return false }
            let layer = configuration.architecture.heads[head]?.layer
            return head == named || layer.map { tensors("\($0).weight") } ?? false
        }
    }
}
