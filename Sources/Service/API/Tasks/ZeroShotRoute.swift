import HTTPServer
package import JSON

extension TaskRoutes {
    /// `{sequence, labels, scores}`, best label first, for a text, a list of such for a list of texts.
    static func zeroShot(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        try await zeroShot(request, context) { text, labels, writer in
            writer.object { writer in
                writer.member("sequence", text)
                writer.key("labels")
                writer.array(labels) { $0.string($1.label) }
                writer.key("scores")
                writer.numbers(labels.map(\.score))
            }
        }
    }

    /// The same as `[{label, score}]`, which is what the Hub's clients take.
    static func zeroShotClassification(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        try await zeroShot(request, context) { _, labels, writer in writer.array(labels) { $1.write(to: &$0) } }
    }

    private static func zeroShot(
        _ request: RouteRequest,
        _ context: RouteContext,
        write: (String, [LabelScore], inout JSONWriter) -> Void
    ) async throws -> Response {
        let fields = try request.fields()
        let (texts, isBatch) = try fields.textOrTexts("inputs")
        var options = ZeroShotOptions(labels: try fields.candidateLabels())
        options.input = try fields.inputOptions()
        options.hypothesisTemplate = try fields.string("hypothesis_template") ?? options.hypothesisTemplate
        options.isMultiLabel = try fields.boolean("multi_label") ?? false
        let outcome = try await context.inference.zeroShot(texts, options: options)
        return Response.json { writer in
            if isBatch {
                writer.array(zip(texts, outcome.value)) { write($1.0, $1.1, &$0) }
            } else {
                write(texts[0], outcome.value[0], &writer)
            }
        }.noting(outcome.usage, of: request, in: context)
    }
}

extension RequestFields {
    /// A list of labels, or labels with commas between them.
    fileprivate func candidateLabels() throws -> [String] {
        guard let labels = try strings("candidate_labels") else {
            throw ServiceError.invalid("`candidate_labels` is missing; give a list of labels")
        }
        guard case .string? = try option("candidate_labels") else { return labels }
        return ZeroShotOptions.labels(separatedByCommas: labels[0])
    }

    /// A text, or a list of texts.
    fileprivate func textOrTexts(_ key: String) throws -> (texts: [String], isBatch: Bool) {
        if case .array? = members[key] { return (try texts(key), true) }
        return ([try text(key)], false)
    }
}

extension LabelScore {
    /// Writes `{"label": …, "score": …}`.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("label", label)
            writer.key("score")
            writer.number(score)
        }
    }
}
