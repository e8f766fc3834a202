import Encoder
import JSON

/// A tensor that the model can be asked for.
enum InferOutput: String, CaseIterable {
    /// What `/embed` gives, `[rows, embedding_size]`.
    case embedding
    /// The classification head's output, `[rows, labels]`.
    case logits
    /// What the logits become by the model's problem type, `[rows, labels]`.
    case scores

    static func available(in model: LoadedModel) -> [InferOutput] {
        model.encoder.classifier == nil ? [.embedding] : allCases
    }

    func width(in inference: InferenceService) -> Int {
        self == .embedding ? inference.embeddingSize : inference.model.encoder.classifier?.labels.count ?? 0
    }
}

/// An output as a request asks for it.
struct InferOutputRequest {
    let output: InferOutput
    /// Whether its elements come behind the JSON.
    let isBinary: Bool
    /// How many of the highest to give, as "value:index:label"; nil for the numbers themselves.
    let classes: Int?

    /// The outputs asked for; without any, all that the model has.
    static func all(_ fields: RequestFields, _ model: LoadedModel) throws -> [Self] {
        let isBinary = try fields.boolean("binary_data_output") ?? false
        let available = InferOutput.available(in: model)
        guard let requested = try fields.objects("outputs"), !requested.isEmpty else {
            return available.map { InferOutputRequest(output: $0, isBinary: isBinary, classes: nil) }
        }
        return try requested.map { fields in
            let name = try fields.text("name")
            guard let output = InferOutput(rawValue: name), available.contains(output) else {
                let known = available.map(\.rawValue).joined(separator: ", ")
                throw ServiceError.invalid("there is no output \"\(name.prefix(100))\"; the model has \(known)")
            }
            let parameters = try fields.object("parameters")
            let classes = try parameters?.integer("classification")
            if let classes, classes < 1 || output == .embedding {
                throw ServiceError.invalid(
                    "`classification` must be at least 1, and goes with logits and scores. "
                        + "Given: \(classes) for \(name)"
                )
            }
            return InferOutputRequest(
                output: output,
                isBinary: try parameters?.boolean("binary_data") ?? isBinary,
                classes: classes
            )
        }
    }
}
