import HTTPServer
import JSON

/// OpenAI's interface as far as it is about embeddings, with its /v1 and without.
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

    /// A vector for each input, always of length 1, as OpenAI's are. Whatever `model` and `user` say, there is one
    /// model.
    private static func embeddings(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let format = try EmbeddingFormat(fields)
        var options = EmbedOptions()
        options.normalize = true
        // infinity_client sends 0 where its user says nothing.
        options.dimensions = try fields.integer("dimensions").flatMap { $0 == 0 ? nil : $0 }
        try fields.checkTolerated()
        let inference = try context.inference
        let outcome = try await inference.embed(fields.inputs("input"), options: options)
        let vectors = try format.components(outcome.value)
        return Response.json(reservingBytes: vectors.count * (vectors.first?.count ?? 0) * JSONWriter.maxFloatBytes) {
            $0.envelope(object: "list", model: inference.model.name, usage: outcome.usage) { writer in
                writer.key("data")
                writer.array(vectors.enumerated()) { writer, vector in
                    writer.object { writer in
                        writer.member("object", "embedding")
                        writer.key("embedding")
                        format.write(vector.element, to: &writer)
                        writer.key("index")
                        writer.integer(vector.offset)
                    }
                }
            }
        }.noting(outcome.usage, of: request, in: context)
    }
}

extension RequestFields {
    /// `model` and `user` change nothing, but what is not a text is a mistake.
    fileprivate func checkTolerated() throws {
        _ = try string("model")
        _ = try string("user")
    }
}
