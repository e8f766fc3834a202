package import Checkpoint
internal import JSON
package import ModelFiles

/// A model's folder as training reads it: configuration, and tensors by the names of ``TensorNames``. It also knows
/// what the trained folder's files must hold.
package struct TrainableCheckpoint: Sendable {
    /// The sizes, and the names of the tensors.
    package let configuration: EncoderConfiguration
    /// Dropout and what else only training reads.
    package let training: TrainingConfiguration
    /// The head that is trained; nil for none.
    package let head: Head?
    private let file: HeadConfiguration
    private let checkpoint: Checkpoint
    private let source: ModelTensors

    /// Opens a model's folder, without reading its weights.
    ///
    /// - Parameter head: the head that is trained, whatever the folder has; nil for none.
    /// - Throws: what is wrong with a file.
    package init(directory: String, head: Head?) throws(ModelError) {
        self.head = head
        let section = try JSONSection(path: ModelFile.configuration.path(in: directory))
        checkpoint = try Checkpoint(directory: directory, configuration: section)
        configuration = try EncoderConfiguration(section, tensorNames: checkpoint.tensorNames)
        training = try TrainingConfiguration(section, of: configuration)
        source = ModelTensors(checkpoint, configuration.architecture)
        file = HeadConfiguration(architecture: configuration.architecture, members: section.members)
    }

    /// The name by which a tensor can be read; nil if the checkpoint lacks it. A file may hold the word embeddings as
    /// a masked language model's decoder alone, and that decoder's bias under either of two names.
    private func readableName(_ name: String) -> String? {
        if source.contains(name) { return name }
        let names = configuration.architecture.tensors
        let decoder = configuration.architecture.heads[.maskedLanguageModel]?.layer ?? ""
        let other: String? =
            switch name {
            case names.decoderBias: "\(decoder).bias"
            case "\(decoder).bias": names.decoderBias
            case names.words where configuration.tiesWordEmbeddings: "\(decoder).weight"
            default: nil
            }
        return other.flatMap { source.contains($0) ? $0 : nil }
    }

    /// Whether the checkpoint has the tensor.
    package func contains(_ name: String) -> Bool { readableName(name) != nil }

    /// The tensor's shape; nil if there is none of that name.
    package func shape(_ name: String) -> [Int]? { readableName(name).flatMap(source.shape) }

    /// Fills `values` with a tensor's. Sinusoidal positions that the file lacks are computed.
    ///
    /// - Throws: what is wrong when the tensor is missing, of another shape, or cannot be read.
    package func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) throws(ModelError) {
        if name == configuration.architecture.tensors.positions, configuration.hasSinusoidalPositions, !contains(name) {
            let (rows, columns) = (configuration.maxPositionEmbeddings, configuration.hiddenSize)
            return try StoredMatrix(sinusoidalRows: rows, columns: columns).read(into: &values)
        }
        let stored = source.storedName(readableName(name) ?? name)
        try checkpoint.read(stored, shape: shape, into: &values)
    }

    /// A tensor's name in a checkpoint of transformers' class with the head.
    package func outgoingName(_ name: String) -> String {
        let architecture = configuration.architecture
        return head != nil && architecture.isOfBaseModel(name) ? architecture.prefix + name : name
    }

    /// The names under which a tensor is written. A decoder's own bias has both of its names, because versions of
    /// transformers differ in which one they read.
    package func outgoingNames(_ name: String) -> [String] {
        let architecture = configuration.architecture
        let decoder = architecture.heads[.maskedLanguageModel]?.layer ?? ""
        let others = name == "\(decoder).bias" && head == .maskedLanguageModel ? [architecture.tensors.decoderBias] : []
        return [outgoingName(name)] + others.filter { $0 != name }
    }

    /// The base model's tensors beside those with these names, as they are stored: parts that transformers builds
    /// although the configuration does not use them. The classes of some heads have no pooler.
    ///
    /// - Throws: what is wrong with a tensor that cannot be read.
    package func otherTensors(beside names: Set<String>) throws(ModelError) -> [OutgoingTensor] {
        let architecture = configuration.architecture
        let layers = architecture.tensors.layers
        let others = source.names.filter { name in
            // A layer that the model does not have.
            if let rest = name.rest(after: "\(layers)."), let index = Int(rest.pieces(separatedBy: ".")[0]),
                index >= configuration.layerCount
            {
                return false
            }
            if name.begins(with: "\(architecture.tensors.pooler)."), let head, !head.readsPooler { return false }
            return architecture.isOfBaseModel(name) && !names.contains(name) && !name.ends(with: "position_ids")
        }
        return try others.map { name throws(ModelError) in
            try OutgoingTensor(name: outgoingName(name), of: source.storedName(name), in: checkpoint)
        }
    }

    /// The config.json of the trained checkpoint.
    ///
    /// - Parameters:
    ///   - labels: in id order; empty for a head without labels.
    ///   - problemType: nil for a head that has none.
    ///   - temperature: the temperature for calibrated scores; nil for none.
    package func configurationFile(
        labels: [String],
        problemType: SequenceClassifier.ProblemType?,
        temperature: Double? = nil
    ) -> [UInt8] {
        file.file(head: head, labels: labels, problemType: problemType, temperature: temperature)
    }
}
