import HTTPServer
import JSON

extension TEIRoutes {
    /// `[float]`, the cosine of each sentence with the source sentence.
    static func similarity(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let inputs = try fields.object("inputs", #"an object {"source_sentence": text, "sentences": [text]}"#)
        let outcome = try await context.inference.similarity(
            of: inputs.text("source_sentence"),
            to: inputs.texts("sentences"),
            options: fields.inputOptions()
        )
        return Response.json { $0.numbers(outcome.value) }.noting(outcome.usage, of: request, in: context)
    }
}
