import HTTPServer
import JSON

extension TEIRoutes {
    /// `[{index, text?, score}]`, best text first.
    static func rerank(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let texts = try fields.texts("texts")
        var options = RerankOptions()
        options.input = try fields.inputOptions()
        options.rawScores = try fields.boolean("raw_scores") ?? false
        let returnsText = try fields.boolean("return_text") ?? false
        let outcome = try await context.inference.rerank(query: fields.text("query"), texts: texts, options: options)
        return Response.json { writer in
            writer.array(outcome.value) { writer, rank in
                writer.object { writer in
                    writer.key("index")
                    writer.integer(rank.index)
                    if returnsText {
                        writer.key("text")
                        writer.string(texts[rank.index])
                    }
                    writer.key("score")
                    writer.number(rank.score)
                }
            }
        }.noting(outcome.usage, of: request, in: context)
    }
}
