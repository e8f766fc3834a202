import HTTPServer
package import JSON

extension TaskRoutes {
    /// `[{score, token, token_str, sequence}]`, best first, for a text with one mask; a list of such lists for one with
    /// several, one for each mask; a list of either for several texts.
    static func fillMask(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        var options = FillMaskOptions()
        options.input = try fields.inputOptions()
        options.topK = try fields.integer("top_k") ?? options.topK
        options.targets = try fields.strings("targets")
        let outcome = try await context.inference.fillMasks(fields.inputs(), options: options)
        // A list of one text is answered as the text alone: so does the pipeline.
        return Response.json(outcome.value, isBatch: outcome.value.count > 1) { write($1, to: &$0) }
            .noting(outcome.usage, of: request, in: context)
    }

    private static func write(_ masks: [[MaskCandidate]], to writer: inout JSONWriter) {
        if masks.count == 1 {
            writer.array(masks[0]) { $1.write(to: &$0) }
        } else {
            writer.array(masks) { writer, mask in writer.array(mask) { $1.write(to: &$0) } }
        }
    }
}

extension MaskCandidate {
    /// Writes `{"score": …, "token": …, "token_str": …, "sequence": …}`.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("score")
            writer.number(score)
            writer.key("token")
            writer.integer(token)
            writer.member("token_str", tokenText)
            writer.member("sequence", sequence)
        }
    }
}
