import Encoder
import HTTPProtocol
import HTTPTypes
import Inference
import JSON
import ModelFiles

extension HTTPField.Name {
    /// The number of bytes of JSON at a body's beginning; the tensors' elements follow.
    static let inferenceHeaderContentLength = Self.make("Inference-Header-Content-Length")
}

extension KServeRoutes {
    /// Runs the model on tensors of texts or ids.
    static func infer(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let inference = try inference(of: request, context)
        let (fields, tensors) = try read(request)
        let outputs = try InferOutputRequest.all(fields, inference.model)
        let inputs = try InferInputs.inputs(tensors)
        let limited = try RequestOptions.current.limited(
            toMicroseconds: fields.integer("timeout"),
            priority: fields.integer("priority")
        )
        let results = try await limited.run {
            try await InferResults(inputs, outputs: Set(outputs.map(\.output)), fields, inference)
        }

        var tail: [UInt8] = []
        var response = try Response.json { writer in
            try writer.object { writer in
                writer.member("model_name", inference.model.name)
                writer.member("model_version", version)
                if let id = try fields.string("id") { writer.member("id", id) }
                writer.key("outputs")
                writer.array(outputs) { writer, output in
                    writer.object { results.write(output, &$0, tail: &tail) }
                }
            }
        }
        if outputs.contains(where: \.isBinary), case .bytes(let json) = response.body {
            response.head.headerFields[.contentType] = "application/octet-stream"
            response.head.headerFields[.inferenceHeaderContentLength] = "\(json.count)"
            response.body = .bytes(json + tail)
        }
        return response.noting(results.usage, of: request, in: context)
    }

    /// Reads the JSON and the input tensors, which stand in the JSON or in the bytes behind it.
    private static func read(_ request: RouteRequest) throws -> (RequestFields, [InferTensor]) {
        var length = request.body.count
        if let given = request.headerFields[.inferenceHeaderContentLength] {
            guard let stated = Int(given), 0...length ~= stated else {
                throw ServiceError(
                    400,
                    .validation,
                    "Inference-Header-Content-Length must be from 0 to the body's \(length). "
                        + "Given: \(given.beginning(100))"
                )
            }
            length = stated
        }
        let fields = try RequestFields(Array(request.body.prefix(length)))
        var tail = request.body.dropFirst(length)
        let tensors = try fields.required("inputs", fields.objects("inputs")).map { try InferTensor($0, tail: &tail) }
        guard tail.isEmpty else {
            throw ServiceError.invalid("\(tail.count) bytes follow that belong to no input's `binary_data_size`")
        }
        return (fields, tensors)
    }
}

/// The model's outputs for a request's inputs.
private struct InferResults {
    private var rows: [InferOutput: [[Float]]] = [:]
    private let labels: [String]
    private(set) var usage = Usage()

    /// Runs the model once for the embedding and once for the head, if the request asks for them.
    init(
        _ inputs: [TextInput],
        outputs: Set<InferOutput>,
        _ fields: RequestFields,
        _ inference: InferenceService
    ) async throws {
        labels = inference.model.encoder.classifier?.labels ?? []
        let options = try fields.inputOptions()
        if outputs.contains(.embedding) {
            var embedding = EmbedOptions()
            embedding.input = options
            embedding.normalize = try fields.boolean("normalize")
            embedding.pooling = try fields.choice("pooling", Pooling.self)
            embedding.dimensions = try fields.integer("dimensions")
            let outcome = try await inference.embed(inputs, options: embedding)
            rows[.embedding] = outcome.value
            usage = outcome.usage
        }
        guard let classifier = inference.model.encoder.classifier, outputs != [.embedding] else { return }
        let temperature = try fields.boolean("calibrated") ?? false ? classifier.temperature() : nil
        let outcome = try await inference.run(inputs, options, computing: .logits)
        rows[.logits] = outcome.value.map(\.values)
        rows[.scores] = outcome.value.map { output in
            temperature.map { classifier.calibratedScores(logits: output.values, temperature: $0) }
                ?? classifier.scores(logits: output.values)
        }
        if outputs.contains(.embedding) { usage.add(outcome.usage) } else { usage = outcome.usage }
    }

    /// Writes a tensor's members; binary elements go to the tail.
    func write(_ request: InferOutputRequest, _ writer: inout JSONWriter, tail: inout [UInt8]) {
        let values = rows[request.output] ?? []
        writer.member("name", request.output.rawValue)
        if let classes = request.classes {
            let texts = values.map { highest(classes, of: $0) }
            writer.tensor("BYTES", [texts.count, texts.first?.count ?? 0])
            let elements = texts.joined()
            guard request.isBinary else { return writer.data { $0.array(elements) { $0.string($1) } } }
            var bytes: [UInt8] = []
            for text in elements {
                bytes.append(littleEndian: UInt32(text.utf8.count))
                bytes += text.utf8
            }
            writer.binaryData(bytes, &tail)
        } else {
            writer.tensor("FP32", [values.count, values.first?.count ?? 0])
            let elements = Array(values.joined())
            guard request.isBinary else { return writer.data { $0.numbers(elements) } }
            var bytes: [UInt8] = []
            EmbeddingComponents.float32(elements).append(to: &bytes)
            writer.binaryData(bytes, &tail)
        }
    }

    /// Writes the highest values in Triton's form: "value:index:label".
    private func highest(_ count: Int, of values: [Float]) -> [String] {
        values.indices.sorted { values[$0] > values[$1] }.prefix(count).map { index in
            "\(values[index]):\(index):\(labels[index])"
        }
    }
}

extension JSONWriter {
    fileprivate mutating func tensor(_ datatype: String, _ shape: [Int]) {
        member("datatype", datatype)
        key("shape")
        array(shape) { $0.integer($1) }
    }

    fileprivate mutating func data(_ write: (inout JSONWriter) -> Void) {
        key("data")
        write(&self)
    }

    fileprivate mutating func binaryData(_ bytes: [UInt8], _ tail: inout [UInt8]) {
        tail += bytes
        key("parameters")
        object { writer in
            writer.key("binary_data_size")
            writer.integer(bytes.count)
        }
    }
}

/// A tensor that a request can ask for.
enum InferOutput: String, CaseIterable {
    /// The vectors of `/embed`, `[inputs, embedding_size]`.
    case embedding
    /// The classification head's output, `[inputs, labels]`.
    case logits
    /// The scores, which are computed from the logits according to the model's problem type, `[inputs, labels]`.
    case scores

    static func available(in model: LoadedModel) -> [InferOutput] {
        model.encoder.classifier == nil ? [.embedding] : allCases
    }

    func width(in inference: InferenceService) -> Int {
        self == .embedding ? inference.embeddingSize : inference.model.encoder.classifier?.labels.count ?? 0
    }
}

/// An output that a request asks for.
struct InferOutputRequest {
    let output: InferOutput
    /// Whether the elements follow the JSON as bytes.
    let isBinary: Bool
    /// The number of highest values to return, as "value:index:label"; nil to return the numbers themselves.
    let classes: Int?

    /// The outputs that a request asks for. If it names none, these are all outputs of the model.
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
                throw ServiceError.invalid("there is no output \"\(name.beginning(100))\"; the model has \(known)")
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
