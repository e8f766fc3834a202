import HTTPServer
import JSON

extension CohereRoutes {
    /// `{id, results: [{index, relevance_score, document: {text}}], meta}`, and Jina's `object`, `model` and `usage`.
    static func rerank(_ request: RouteRequest, _ context: RouteContext, version: Int) async throws -> Response {
        let ranking = try DocumentRanking(request.fields())
        let inference = try context.inference
        let outcome = try await ranking.run(on: inference)
        return Response.json {
            $0.envelope(object: "list", model: inference.model.name, usage: outcome.usage) { writer in
                writer.key("results")
                writer.array(outcome.value) { writer, rank in
                    writer.object { writer in
                        ranking.write(rank, &writer)
                        guard ranking.returnsDocuments else { return }
                        writer.key("document")
                        writer.object { $0.member("text", ranking.documents[rank.index]) }
                    }
                }
                writer.cohereMeta(version: version, inputTokens: outcome.usage.tokens)
            }
        }.noting(outcome.usage, of: request, in: context)
    }
}
