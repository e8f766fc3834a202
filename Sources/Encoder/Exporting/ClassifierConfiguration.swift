internal import JSON

/// The config.json of transformers' class for sequence classification, made from that of another class over the same
/// encoder: what the head does not change stays as it is.
struct ClassifierConfiguration: Sendable {
    let architecture: Architecture
    /// The other file's content.
    let members: JSONObject

    /// Keys that say something about the file itself, or that other keys replace.
    private static let dropped: Set = ["_name_or_path", "torch_dtype", "num_labels", "transformers_weights"]

    /// The file.
    ///
    /// - Parameters:
    ///   - changing: further keys with their new values.
    ///   - dropping: further keys that the file is not to have.
    func file(
        labels: [String],
        problemType: SequenceClassifier.ProblemType,
        changing: [String: JSONValue] = [:],
        dropping: Set<String> = []
    ) -> [UInt8] {
        let own: [String: JSONValue] = [
            "architectures": .array([.string("\(architecture.family)For\(Head.sequenceClassification.className)")]),
            "model_type": .string(architecture.modelType),
            "id2label": Self.object(labels.enumerated().map { ("\($0)", .string($1)) }),
            "label2id": Self.object(labels.enumerated().map { ($1, .number("\($0)")) }),
            "problem_type": .string(problemType.rawValue),
            // The head is in float32, whatever the rest is stored as.
            "dtype": .string("float32"),
        ]
        let changed = own.merging(changing) { $1 }
        var writer = JSONWriter()
        writer.object { writer in
            for member in members.members where changed[member.key] == nil {
                guard !Self.dropped.contains(member.key), !dropping.contains(member.key) else { continue }
                writer.key(member.key)
                writer.value(member.value)
            }
            for (key, value) in changed.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                writer.value(value)
            }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func object(_ entries: [(String, JSONValue)]) -> JSONValue {
        var object = JSONObject()
        for (key, value) in entries { _ = object.append(key, value) }
        return .object(object)
    }
}
