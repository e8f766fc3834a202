import HTTPServer
import JSON
import Tokenization

extension CohereRoutes {
    /// The forms that vectors are asked for in; the last is floats, too.
    private enum Form: String, CaseIterable {
        case float, int8, uint8, binary, ubinary, base64

        var type: EmbeddingType { EmbeddingType(rawValue: rawValue) ?? .float32 }
    }

    /// Which end of a long text is cut; `none` refuses it.
    private enum Cut: String, CaseIterable {
        case none, start, end
    }

    /// `{id, embeddings: {float: [[…]], …}, texts, meta}`; version 1 without `embedding_types` gives the floats alone.
    static func embed(_ request: RouteRequest, _ context: RouteContext, version: Int) async throws -> Response {
        let fields = try request.fields()
        let texts = try fields.texts("texts")
        let types = try fields.choices("embedding_types", Form.self)
        var options = EmbedOptions()
        options.normalize = true
        options.dimensions = try fields.integer("output_dimension")
        let cut = try fields.choice("truncate", Cut.self) ?? .end
        options.input.truncate = cut != .none
        options.input.truncationDirection = cut == .start ? .left : .right
        options.input.maxLength = try fields.integer("max_tokens")
        let outcome = try await context.inference.embed(texts.map(TextInput.text), options: options)
        return try Response.json { writer in
            try writer.object { writer in
                writer.member("id", JSONWriter.answerID())
                writer.key("embeddings")
                if let types = types ?? (version == 1 ? nil : [.float]) {
                    try writer.object { writer in
                        for form in types { try write(outcome.value, as: form, &writer) }
                    }
                } else {
                    writer.array(outcome.value) { $0.numbers($1) }
                }
                writer.key("texts")
                writer.array(texts) { $0.string($1) }
                writer.member(
                    "response_type",
                    types == nil && version == 1 ? "embeddings_floats" : "embeddings_by_type"
                )
                writer.cohereMeta(version: version, inputTokens: outcome.usage.tokens)
            }
        }.noting(outcome.usage, of: request, in: context)
    }

    private static func write(_ vectors: [[Float]], as form: Form, _ writer: inout JSONWriter) throws {
        writer.key(form.rawValue)
        try writer.array(vectors) { writer, vector in
            let components = try EmbeddingComponents(vector, as: form.type)
            if form == .base64 { components.writeBase64(to: &writer) } else { components.write(to: &writer) }
        }
    }
}
