import HTTPProtocol
import HTTPTypes
import Inference
import JSON
import Results

extension TaskRoutes {
    /// `{sequence, labels, scores}`, best label first, for a text; a list of such objects for a list of texts.
    static func zeroShot(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        if isFromHubClient(request) { return try await zeroShotClassification(request, context) }
        return try await zeroShot(request, context) { text, labels, writer in
            writer.object { writer in
                writer.member("sequence", text)
                writer.key("labels")
                writer.array(labels) { $0.string($1.label) }
                writer.key("scores")
                writer.numbers(labels.map(\.score))
            }
        }
    }

    /// The answer as `[{label, score}]`, which the Hub's clients expect.
    static func zeroShotClassification(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        try await zeroShot(request, context) { _, labels, writer in writer.array(labels) { $1.write(to: &$0) } }
    }

    /// Whether the request comes from huggingface_hub's client. The client accepts only the list, on any path; before
    /// its version 1 it accepted only the pipeline's object.
    private static func isFromHubClient(_ request: RouteRequest) -> Bool {
        let agent = request.headerFields[.userAgent] ?? ""
        return agent.holds("hf_hub/") && !agent.holds("hf_hub/0.")
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
        // The pipeline's former name goes before the present one there too.
        options.isMultiLabel = try fields.boolean("multi_class") ?? fields.boolean("multi_label") ?? false
        let outcome = try await context.inference.zeroShot(texts, options: options)
        return try Response.json(Array(zip(texts, outcome.value)), isBatch: isBatch) { write($1.0, $1.1, &$0) }
            .noting(outcome.usage, of: request, in: context)
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
}
