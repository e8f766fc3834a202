import Encoder
import HTTPServer
import JSON

/// Infinity's interface, where its paths are another face's and the body tells them apart. Its embeddings and models
/// are OpenAI's.
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
        let inference = try context.inference
        let outcome = try await inference.classify(fields.inputs("input"), options: options)
        return Response.json {
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
        let ranking = try DocumentRanking(request.fields())
        let inference = try context.inference
        let outcome = try await ranking.run(on: inference)
        return Response.json {
            $0.envelope(object: "rerank", model: inference.model.name, usage: outcome.usage) { writer in
                writer.key("results")
                writer.array(outcome.value) { writer, rank in
                    writer.object { writer in
                        ranking.write(rank, &writer)
                        writer.key("document")
                        if ranking.returnsDocuments {
                            writer.string(ranking.documents[rank.index])
                        } else {
                            writer.null()
                        }
                    }
                }
            }
        }.noting(outcome.usage, of: request, in: context)
    }
}
