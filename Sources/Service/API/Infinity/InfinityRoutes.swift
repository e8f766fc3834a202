import Encoder
import HTTPProtocol
import Inference
import JSON

/// Infinity's interface. Some of its paths belong to another interface too, and the body tells them apart. For
/// embeddings and the list of models, its interface is the same as OpenAI's.
enum InfinityRoutes {
    static let all: [Route] = [
        .post(RoutePath("/classify", ifBodyHas: "input"), errors: .openAI, answer: classify),
        .post(
            RoutePath("/rerank", ifBodyHas: "documents"),
            roots: RoutePath.roots(ifBody: { $0["query"] != nil && $0["documents"] != nil }),
            errors: .openAI,
            answer: rerank
        ),
    ]

    /// `{object: "classify", data: [[{label, score}]], …}`, best label first.
    private static func classify(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        var options = ClassifyOptions()
        if try fields.boolean("raw_scores") ?? false { options.function = .identity }
        options.isCalibrated = try fields.boolean("calibrated") ?? false
        let inference = try context.inference
        let outcome = try await inference.classify(fields.inputs("input"), options: options)
        return try Response.json {
            $0.envelope(object: "classify", model: inference.model.name, usage: outcome.usage) { writer in
                writer.key("data")
                writer.array(outcome.value) { writer, labels in
                    writer.array(labels) { writer, label in
                        writer.object { writer in
                            writer.member("label", label.label)
                            writer.key("score")
                            writer.number(label.score)
                        }
                    }
                }
            }
        }.noting(outcome.usage, of: request, in: context)
    }

    /// `{object: "rerank", results: [{index, relevance_score, document}], …}`; the document is the text itself.
    private static func rerank(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        try await DocumentRanking.answer(request, context, object: "rerank") { document, writer in
            writer.key("document")
            if let document { writer.string(document) } else { writer.null() }
        }
    }
}

/// A request to rank `documents` by a `query`, in the form of Infinity, Cohere and Jina.
struct DocumentRanking: Sendable {
    private let query: String
    private let documents: [String]
    /// The number of best documents to return; nil for all.
    private let topN: Int?
    private let returnsDocuments: Bool
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

    /// Answers a request in OpenAI's envelope, with the best documents as `results`, best first.
    /// - Parameters:
    ///   - object: the envelope's kind.
    ///   - writeDocument: writes a result's document, nil if the request does not want it.
    ///   - writeEnd: writes what stands behind the results.
    static func answer(
        _ request: RouteRequest,
        _ context: RouteContext,
        object: String,
        writeDocument: (_ document: String?, _ writer: inout JSONWriter) -> Void,
        writeEnd: (_ usage: Usage, _ writer: inout JSONWriter) -> Void = { _, _ in }
    ) async throws -> Response {
        let ranking = try DocumentRanking(request.fields())
        let inference = try context.inference
        let outcome = try await ranking.run(on: inference)
        return try Response.json {
            $0.envelope(object: object, model: inference.model.name, usage: outcome.usage) { writer in
                writer.key("results")
                writer.array(outcome.value) { writer, rank in
                    writer.object { writer in
                        writer.key("index")
                        writer.integer(rank.index)
                        writer.key("relevance_score")
                        writer.number(rank.score)
                        writeDocument(ranking.returnsDocuments ? ranking.documents[rank.index] : nil, &writer)
                    }
                }
                writeEnd(outcome.usage, &writer)
            }
        }.noting(outcome.usage, of: request, in: context)
    }

    private func run(on inference: InferenceService) async throws -> Outcome<[Rank]> {
        let outcome = try await inference.rerank(query: query, texts: documents, options: options)
        return Outcome(value: Array(outcome.value.prefix(topN ?? .max)), usage: outcome.usage)
    }
}

extension RequestFields {
    /// Reads texts, or objects with a text: `["a", {"text": "b"}]`.
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
