import Budget
import HTTPProtocol
import Inference
import JSON
import Tokenization

/// Cohere's interface, and Jina's ranking, which differs only in the names of the cost.
enum CohereRoutes {
    static let all: [Route] = [
        .post("/v2/rerank", errors: .cohere) { try await rerank($0, $1, version: 2) },
        .post("/v1/rerank", errors: .cohere) { try await rerank($0, $1, version: 1) },
        .post("/v2/embed", errors: .cohere) { try await embed($0, $1, version: 2) },
        .post("/v1/embed", errors: .cohere) { try await embed($0, $1, version: 1) },
        .post("/v1/tokenize", errors: .cohere, isQueued: false, answer: tokenize),
        .post("/v1/detokenize", errors: .cohere, isQueued: false, answer: detokenize),
    ]
}

extension ErrorShape {
    /// `{"message": …}`; the status is 400 where other interfaces have 422.
    static let cohere = ErrorShape(status: { $0.status == 422 ? 400 : $0.status }) { error, writer in
        writer.object { writer in
            writer.member("id", JSONWriter.answerID())
            writer.member("message", error.message)
        }
    }
}

extension JSONWriter {
    /// Writes `meta`: the interface's version and, if there is a cost, the amounts that were computed.
    mutating func cohereMeta(version: Int, inputTokens: Int? = nil) {
        key("meta")
        object { writer in
            writer.key("api_version")
            writer.object { $0.member("version", "\(version)") }
            guard let inputTokens else { return }
            for key in ["billed_units", "tokens"] {
                writer.key(key)
                writer.object { writer in
                    writer.key("input_tokens")
                    writer.integer(inputTokens)
                }
            }
        }
    }
}

extension CohereRoutes {
    /// The forms of vectors that a request can ask for. `base64` holds the same floats as `float`.
    private enum Form: String, CaseIterable {
        case float, int8, uint8, binary, ubinary, base64

        var type: EmbeddingType { EmbeddingType(rawValue: rawValue) ?? .float32 }
    }

    /// The end at which a long text is cut; `none` refuses the text.
    private enum Cut: String, CaseIterable {
        case none, start, end

        /// The end that is cut; nil if nothing is.
        var direction: TruncationDirection? {
            switch self {
            case .none: nil
            case .start: .left
            case .end: .right
            }
        }
    }

    /// `{id, embeddings: {float: [[…]], …}, texts, meta}`; in version 1, without `embedding_types`, only the floats.
    static func embed(_ request: RouteRequest, _ context: RouteContext, version: Int) async throws -> Response {
        let fields = try request.fields()
        let texts = try fields.texts("texts")
        let types = try fields.choices("embedding_types", Form.self)
        var options = EmbedOptions()
        options.normalize = true
        options.dimensions = try fields.integer("output_dimension")
        let cut = try fields.choice("truncate", Cut.self)
        options.input.truncate = cut != Cut.none
        options.input.truncationDirection = cut?.direction
        options.input.maxLength = try fields.integer("max_tokens")
        let outcome = try await context.inference.embed(texts.map(TextInput.text), options: options)
        try RequestMemory.takeJSON(ofNumbers: outcome.value, copies: types?.count ?? 1)
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

extension CohereRoutes {
    /// `{id, results: [{index, relevance_score, document: {text}}], meta}`, and Jina's `object`, `model` and `usage`.
    static func rerank(_ request: RouteRequest, _ context: RouteContext, version: Int) async throws -> Response {
        try await DocumentRanking.answer(
            request,
            context,
            object: "list",
            writeDocument: { document, writer in
                guard let document else { return }
                writer.key("document")
                writer.object { $0.member("text", document) }
            },
            writeEnd: { usage, writer in writer.cohereMeta(version: version, inputTokens: usage.tokens) }
        )
    }
}

extension CohereRoutes {
    /// `{tokens: [id], token_strings: […], meta}`, without the model's special tokens.
    static func tokenize(_ request: RouteRequest, _ context: RouteContext) throws -> Response {
        let fields = try request.fields()
        let text = try fields.text("text")
        var options = TokenizeOptions()
        options.addSpecialTokens = false
        let inference = try context.inference
        let ids = try inference.tokenize([.text(text)], options: options)[0].ids
        let tokenizer = try inference.tokenizer()
        return try .json { writer in
            writer.object { writer in
                writer.key("tokens")
                writer.array(ids) { $0.integer($1) }
                writer.key("token_strings")
                writer.array(ids) { $0.string(tokenizer.token(id: $1) ?? "") }
                writer.cohereMeta(version: 1)
            }
        }
    }

    /// `{text, meta}`.
    static func detokenize(_ request: RouteRequest, _ context: RouteContext) throws -> Response {
        let fields = try request.fields()
        let tokens = try fields.list("tokens", of: "token ids") { $0.integer.flatMap { Int32(exactly: $0) } }
        let ids = try fields.required("tokens", tokens)
        let text = try context.inference.tokenizer().decode(ids, skipSpecialTokens: false)
        return try .json { writer in
            writer.object { writer in
                writer.member("text", text)
                writer.cohereMeta(version: 1)
            }
        }
    }
}
