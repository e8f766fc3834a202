import HTTPServer

extension TEIRoutes {
    /// `[[[float]]]`, the last hidden state of each input's tokens; written row by row as the client reads.
    static func embedAll(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let (outcome, holding) = try await context.inference.embedAll(fields.inputs(), options: fields.inputOptions())
        let pages = TokenVectorPages(outputs: outcome.value, holding: holding)
        var response = Response.json([])
        if outcome.usage.tokens <= unstreamedTokens {
            response.body = .bytes(pages.all())
        } else {
            response.body = .stream { pages.next() }
        }
        return response.noting(outcome.usage, of: request, in: context)
    }

    /// Up to here the token vectors are written in one piece: a few megabytes.
    private static let unstreamedTokens = 256
}
