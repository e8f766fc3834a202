import JSON

/// Cohere's interface, and Jina's ranking, which is Cohere's with other names for what it cost.
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
    /// `{"message": …}`, with 400 for what is 422 elsewhere.
    static let cohere = ErrorShape(status: { $0.status == 422 ? 400 : $0.status }) { error, writer in
        writer.object { writer in
            writer.member("id", JSONWriter.answerID())
            writer.member("message", error.message)
        }
    }
}

extension JSONWriter {
    /// `meta`: the interface's version and, where there is a cost, what was computed.
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
