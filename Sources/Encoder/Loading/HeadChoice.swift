import ModelFiles

/// The heads of a checkpoint that are loaded, and those that have to be complete.
///
/// `architectures` in config.json names them; without a class that this program knows, the tensors tell. Heads for the
/// labels of texts, of tokens and of choices have the same tensors in most architectures. Of these, the one that the
/// user names is loaded, else that of `architectures` if the checkpoint can have it, else all that fit the tensors.
struct HeadChoice: Sendable {
    /// The heads that are loaded among those that share tensors, the likeliest first.
    private(set) var classifiers: [Head] = []
    /// The heads whose tensors must be there; those of others are loaded if they are complete.
    private(set) var required: Set<Head>
    /// The head that the user names. At least this one must be there.
    let named: Head?
    /// The warning about the choice; nil if the choice was not made here.
    private(set) var warning: String?

    /// The heads that share tensors.
    private static let sharing: [Head] = [.sequenceClassification, .tokenClassification, .multipleChoice]

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
            if Self.sharing.contains(named) {
                require([named])
                return
            }
        }
        let layers = Set(Self.sharing.compactMap { configuration.architecture.heads[$0]?.layer })
        let layer = layers.sorted().first { tensors.contains("\($0).weight") }
        let fitting = Self.sharing.filter { Self.fits($0, configuration, tensors) }
        if let head = Self.sharing.first(where: stated.contains),
            fitting.isEmpty || Self.isPossible(head, configuration, tensors)
        {
            require([head])
            return
        }
        guard let layer else { return }
        choose(among: fitting, layer, configuration)
    }

    /// Loads these heads, and no others that share tensors with them.
    private mutating func require(_ heads: [Head]) {
        classifiers = heads
        required.subtract(Self.sharing.filter { !heads.contains($0) })
    }

    /// Goes by the tensors, because no class in `architectures` can have them.
    private mutating func choose(among fitting: [Head], _ layer: String, _ configuration: EncoderConfiguration) {
        require(fitting)
        let classes = "\(configuration.path): \"architectures\" names no class with such a \(quoted(layer))"
        let tasks = fitting.map(\.rawValue).joined(separator: " or ")
        warning =
            switch fitting.count {
            case 0: "\(classes), and its tensors fit no head with \(configuration.labels.count) labels: it is not used"
            case 1: "\(classes): by its tensors it is a head for \(tasks)"
            default: "\(classes): by its tensors it is a head for \(tasks); all are served unless --task names one"
            }
    }

    /// Whether a checkpoint whose class has the head may have these tensors, though one may be missing. A head for
    /// tokens may have a pooler beside it: old versions of transformers saved one.
    private static func isPossible(
        _ head: Head,
        _ configuration: EncoderConfiguration,
        _ tensors: ModelTensors
    ) -> Bool {
        guard let rows = rows(of: head, configuration, tensors) else { return false }
        let pooler = configuration.architecture.tensors.pooler
        let hasPart = tensors.contains("\(pooler).weight") || tensors.contains("\(pooler).bias")
        return (head == .multipleChoice ? rows == 1 : configuration.hasLabels(count: rows))
            && (hasPart || !head.readsPooler || !configuration.activatesPooler)
    }

    /// Whether the tensors are complete for the head. By its tensors, a head for tokens has no pooler beside it.
    private static func fits(_ head: Head, _ configuration: EncoderConfiguration, _ tensors: ModelTensors) -> Bool {
        guard isPossible(head, configuration, tensors) else { return false }
        let (pooler, width) = (configuration.architecture.tensors.pooler, configuration.hiddenSize)
        let hasPooler =
            tensors.shape("\(pooler).weight") == [width, width]
            && tensors.shape("\(pooler).bias") ?? [width] == [width]
        return head.readsPooler ? hasPooler || !configuration.activatesPooler : !hasPooler
    }

    /// The number of outputs of the head's layer; nil if there is no such layer, or its tensors do not fit together.
    private static func rows(
        of head: Head,
        _ configuration: EncoderConfiguration,
        _ tensors: ModelTensors
    ) -> Int? {
        guard let layer = configuration.architecture.heads[head]?.layer,
            let rows = tensors.shape("\(layer).weight")?.first,
            tensors.shape("\(layer).weight") == [rows, configuration.hiddenSize],
            tensors.shape("\(layer).bias") ?? [rows] == [rows]
        else { return nil }
        return rows
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
