import Batching
import Encoder
import Foundation
import HTTPProtocol
import HTTPServer
import Inference
import JSON

/// The part of OpenAI's interface that concerns embeddings, under /v1 and without it.
enum OpenAIRoutes {
    static let all: [Route] = [
        .post(
            "/v1/embeddings",
            "/embeddings",
            roots: RoutePath.roots(ifBody: { $0["input"] != nil }),
            errors: .openAI,
            answer: embeddings
        ),
        .get("/v1/models", "/models", errors: .openAI) { _, context in try models(context) },
        .get("/v1/models/{model}", "/models/{model}", errors: .openAI) { request, context in
            try model(request.parameters["model"] ?? "", context)
        },
    ]

    /// Answers with a vector for each input, always of length 1, as OpenAI does. `model` and `user` have no effect,
    /// because there is only one model.
    private static func embeddings(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let format = try EmbeddingFormat(fields)
        var options = EmbedOptions()
        options.normalize = true
        // infinity_client sends 0 when its user sets nothing.
        options.dimensions = try fields.integer("dimensions").flatMap { $0 == 0 ? nil : $0 }
        try fields.checkTolerated()
        let inference = try context.inference
        let outcome = try await inference.embed(fields.inputs("input", textObjects: true), options: options)
        let vectors = try format.components(outcome.value)
        let (model, usage) = (inference.model.name, outcome.usage)
        return AnswerPages(count: vectors.count, itemBytes: format.itemBytes(vectors)) { writer in
            writer.beginEnvelope(object: "list", model: model)
            writer.key("data")
            writer.beginArray()
        } item: { writer, index in
            writer.object { writer in
                writer.member("object", "embedding")
                writer.key("embedding")
                format.write(vectors[index], to: &writer)
                writer.key("index")
                writer.integer(index)
            }
        } end: { writer in
            writer.endArray()
            writer.endEnvelope(usage: usage)
        }.response().noting(outcome.usage, of: request, in: context)
    }
}

extension RequestFields {
    /// Checks `model` and `user`. They have no effect, but a value that is not a text is an error.
    fileprivate func checkTolerated() throws {
        _ = try string("model")
        _ = try string("user")
    }
}

extension OpenAIRoutes {
    /// The list of models in OpenAI's form, with the one model.
    static func models(_ context: RouteContext) throws -> Response {
        let inference = try context.inference
        return try .json { writer in
            writer.object { writer in
                writer.member("object", "list")
                writer.key("data")
                writer.array([inference]) { $1.writeOpenAIModel(&$0) }
            }
        }
    }

    /// The model, by its name.
    static func model(_ name: String, _ context: RouteContext) throws -> Response {
        let inference = try context.inference
        try inference.checkName(name)
        return try .json { inference.writeOpenAIModel(&$0) }
    }
}

extension InferenceService {
    /// - Throws: 404 for a name that is not the served model's.
    func checkName(_ name: String) throws(ServiceError) {
        guard name.equals(model.name) else {
            throw ServiceError(
                404,
                .notFound,
                "there is no model \"\(name.beginning(100))\"; the served one is \"\(model.name)\""
            )
        }
    }

    /// The tasks that the model can do, in Infinity's words.
    private var capabilities: [String] {
        var capabilities = ["embed"]
        if let classifier = model.encoder.classifier {
            capabilities.append("classify")
            if classifier.labels.count == 1 { capabilities.append("rerank") }
        }
        return capabilities
    }

    /// OpenAI's model object with Infinity's additions.
    fileprivate func writeOpenAIModel(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", model.name)
            writer.member("object", "model")
            writer.key("created")
            writer.integer(Int(model.loadedAt.timeIntervalSince1970))
            // Infinity's client accepts no other value; OpenAI's client accepts any.
            writer.member("owned_by", "infinity")
            writer.member("backend", model.encoder.engine.backend)
            writer.key("capabilities")
            writer.array(capabilities) { $0.string($1) }
            writer.key("stats")
            writer.object { writeStatistics(&$0) }
        }
    }

    /// Writes how full the queue is, in Infinity's form.
    private func writeStatistics(_ writer: inout JSONWriter) {
        let waiting = statistics.waitingSequences
        writer.key("queue_fraction")
        writer.number(Double(waiting) / Double(max(1, configuration.batching.maxQueueSequences)))
        writer.key("queue_absolute")
        writer.integer(waiting)
        writer.key("results_pending")
        writer.integer(waiting)
        writer.key("batch_size")
        writer.integer(configuration.batching.maxBatchSequences)
    }
}

extension JSONWriter {
    /// Writes a key with a text.
    mutating func member(_ key: String, _ text: String) {
        self.key(key)
        string(text)
    }

    /// Writes an answer in OpenAI's form, which Infinity, vLLM and Jina use too: the kind of answer, then `data` or
    /// `results`, then the cost.
    mutating func envelope(
        object: String,
        model: String,
        usage: Usage,
        _ content: (inout JSONWriter) throws -> Void
    ) rethrows {
        beginEnvelope(object: object, model: model)
        try content(&self)
        endEnvelope(usage: usage)
    }

    /// Writes the part of ``envelope(object:model:usage:_:)`` before the content.
    mutating func beginEnvelope(object: String, model: String) {
        beginObject()
        member("object", object)
        member("id", Self.answerID())
        key("created")
        integer(Int(Date().timeIntervalSince1970))
        member("model", model)
    }

    /// Writes the part of ``envelope(object:model:usage:_:)`` behind the content.
    mutating func endEnvelope(usage: Usage) {
        key("usage")
        object { writer in
            writer.key("prompt_tokens")
            writer.integer(usage.tokens)
            writer.key("total_tokens")
            writer.integer(usage.tokens)
        }
        endObject()
    }

    /// A unique name for an answer.
    static func answerID() -> String { UUID().uuidString.lowercased() }
}

extension ErrorShape {
    /// `{"error": {"message", "type", "param", "code"}}`; the status is 400 where other interfaces have 422.
    static let openAI = openAI { $0.openAICode }

    /// The form of errors at a path under /v1 that no route has. OpenAI's clients know a 404's meaning by its `code`.
    static let openAIUnknownPath = openAI { $0.status == 404 ? "unknown_url" : $0.openAICode }

    private static func openAI(code: @escaping @Sendable (ServiceError) -> String?) -> ErrorShape {
        ErrorShape(status: { $0.status == 422 ? 400 : $0.status }) { error, writer in
            writer.object { writer in
                writer.key("error")
                writer.object { writer in
                    writer.member("message", error.message)
                    writer.member("type", error.openAIType)
                    writer.key("param")
                    writer.null()
                    writer.key("code")
                    if let code = code(error) { writer.string(code) } else { writer.null() }
                }
            }
        }
    }
}

extension ServiceError {
    fileprivate var openAIType: String {
        switch status {
        case 401: "authentication_error"
        case 429: "requests"
        case 424, 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    fileprivate var openAICode: String? {
        switch status {
        case 401: "invalid_api_key"
        case 404: "model_not_found"
        case 429: "rate_limit_exceeded"
        case 503: "service_unavailable"
        default: nil
        }
    }
}
