import JSON

/// text-embeddings-inference's interface, with our additions.
enum TEIRoutes {
    static let all: [Route] = [
        .post("/embed", roots: RoutePath.roots(), errors: .tei, answer: embed),
        .post("/embed_all", errors: .tei, answer: embedAll),
        .post("/predict", roots: RoutePath.roots(ifBody: asksForPrediction), errors: .tei, answer: predict),
        .post(
            "/rerank",
            roots: RoutePath.roots(ifBody: { $0["texts"] != nil && $0["query"] != nil }),
            errors: .tei,
            answer: rerank
        ),
        .post("/similarity", roots: RoutePath.roots(ifBody: asksForSimilarity), errors: .tei, answer: similarity),
        .post("/tokenize", errors: .tei, isQueued: false, answer: tokenize),
        .post("/decode", errors: .tei, isQueued: false, answer: decode),
        .get("/info", errors: .tei) { _, context in
            let inference = try context.inference
            return .json(reservingBytes: 1024) { inference.writeInfo(&$0) }
        },
    ]

    /// Whether a body that was posted to the root is meant for `/predict`: it has a key of that route's own beside
    /// `inputs`, or pairs.
    private static func asksForPrediction(_ body: JSONObject) -> Bool {
        if body["raw_scores"] != nil, body["inputs"] != nil { return true }
        guard case .array(let inputs) = body["inputs"], case .array(let first) = inputs.first else { return false }
        if case .string = first.first { return true }
        return false
    }

    private static func asksForSimilarity(_ body: JSONObject) -> Bool {
        if case .object(let inputs) = body["inputs"] { inputs["source_sentence"] != nil } else { false }
    }
}

extension ErrorShape {
    /// `{"error": …, "error_type": …}`.
    static let tei = ErrorShape { error, writer in
        writer.object { writer in
            writer.key("error")
            writer.string(error.message)
            writer.key("error_type")
            writer.string(error.kind.rawValue)
        }
    }
}
