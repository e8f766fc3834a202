internal import JSON

/// The config.json of transformers' class with a head, made from that of another class over the same encoder: what the
/// head does not change stays as it is.
struct HeadConfiguration: Sendable {
    let architecture: Architecture
    /// The other file's content.
    let members: JSONObject

    /// Keys that say something about the file itself, or that other keys replace.
    private static let dropped: Set = [
        "_name_or_path", "torch_dtype", "num_labels", "transformers_weights", "id2label", "label2id", "problem_type",
        temperatureKey,
    ]

    /// The key of the temperature for calibrated scores. transformers keeps keys that it does not know.
    static let temperatureKey = "calibration_temperature"

    /// The file.
    ///
    /// - Parameters:
    ///   - head: nil for the class without a head.
    ///   - labels: in id order; empty for a head without labels.
    ///   - problemType: nil for a head that has none.
    ///   - temperature: the temperature for calibrated scores; nil for none.
    ///   - changing: further keys with their new values.
    ///   - dropping: further keys that the file is not to have.
    func file(
        head: Head?,
        labels: [String],
        problemType: SequenceClassifier.ProblemType?,
        temperature: Double? = nil,
        changing: [String: JSONValue] = [:],
        dropping: Set<String> = []
    ) -> [UInt8] {
        let name = head.map { "\(architecture.family)For\($0.className)" } ?? "\(architecture.family)Model"
        var own: [String: JSONValue] = [
            "architectures": .array([.string(name)]),
            "model_type": .string(architecture.modelType),
            // The head is in float32, whatever the rest is stored as.
            "dtype": .string("float32"),
        ]
        if !labels.isEmpty {
            own["id2label"] = Self.object(labels.enumerated().map { ("\($0)", .string($1)) })
            own["label2id"] = Self.object(labels.enumerated().map { ($1, .number("\($0)")) })
        }
        if let problemType { own["problem_type"] = .string(problemType.rawValue) }
        own[Self.temperatureKey] = temperature.map { .number("\($0)") }
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
