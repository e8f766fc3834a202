import HTTPServer
package import JSON

extension TaskRoutes {
    /// `{is_next, not_next, logits}` for a pair, a list of such for a batch.
    static func nextSentence(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let inputs = try PredictInputs(fields)
        let outcome = try await context.inference.nextSentence(inputs.all, options: fields.inputOptions())
        return Response.json(outcome.value, isBatch: inputs.isBatch) { writer, answer in
            writer.object { answer.write(to: &$0) }
        }.noting(outcome.usage, of: request, in: context)
    }
}

extension NextSentence {
    /// Writes the members `is_next`, `not_next` and `logits` of an object.
    package func write(to writer: inout JSONWriter) {
        writer.key("is_next")
        writer.number(isNext)
        writer.key("not_next")
        writer.number(notNext)
        writer.key("logits")
        writer.numbers(logits)
    }
}
