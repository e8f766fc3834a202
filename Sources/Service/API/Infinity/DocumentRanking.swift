import JSON

/// A request to rank `documents` by a `query`, as Infinity, Cohere and Jina put it.
struct DocumentRanking: Sendable {
    let query: String
    let documents: [String]
    /// How many of the best to give; nil for all.
    let topN: Int?
    let returnsDocuments: Bool
    private let options: RerankOptions

    init(_ fields: RequestFields) throws {
        query = try fields.text("query")
        documents = try fields.required("documents", fields.documents("documents"))
        guard !documents.isEmpty else { throw ServiceError.empty("documents") }
        topN = try fields.integer("top_n")
        returnsDocuments = try fields.boolean("return_documents") ?? false
        var options = RerankOptions()
        options.rawScores = try fields.boolean("raw_scores") ?? false
        self.options = options
        if let topN, topN < 1 { throw ServiceError.invalid("`top_n` must be at least 1. Given: \(topN)") }
    }

    /// The best documents, the best of all first.
    func run(on inference: InferenceService) async throws -> Outcome<[Rank]> {
        let outcome = try await inference.rerank(query: query, texts: documents, options: options)
        return Outcome(value: Array(outcome.value.prefix(topN ?? .max)), usage: outcome.usage)
    }

    /// Writes what all of them call alike.
    func write(_ rank: Rank, _ writer: inout JSONWriter) {
        writer.key("index")
        writer.integer(rank.index)
        writer.key("relevance_score")
        writer.number(rank.score)
    }
}

extension RequestFields {
    /// Texts, or objects with a text: `["a", {"text": "b"}]`.
    fileprivate func documents(_ key: String) throws -> [String]? {
        try list(key, of: "texts or {\"text\": \"…\"}") { element in
            switch element {
            case .string(let text): text
            case .object(let members): if case .string(let text) = members["text"] { text } else { nil }
            default: nil
            }
        }
    }
}
