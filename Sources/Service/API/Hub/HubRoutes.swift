import Encoder
import HTTPProtocol
import Inference
import JSON
import Results

/// The routes that clients of the Hugging Face Hub use in addition to those of text-embeddings-inference.
enum HubRoutes {
    static let all: [Route] = [
        .post("/classify", roots: RoutePath.roots(ifBody: asksForClasses), errors: .tei, answer: classify)
    ]

    /// `[[{label, score, logit}]]`, best label first. A list is a batch.
    static func classify(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        var options = ClassifyOptions()
        options.input = try fields.inputOptions()
        options.function = try fields.choice("function_to_apply", ScoreFunction.self)
        if try fields.boolean("raw_scores") ?? false { options.function = .identity }
        options.isCalibrated = try fields.boolean("calibrated") ?? false
        options.topK = try fields.integer("top_k")
        let outcome = try await context.inference.classify(fields.inputs(pairs: true), options: options)
        return try Response.json { writer in
            writer.array(outcome.value) { writer, labels in
                writer.array(labels) { writer, label in label.write(to: &writer) }
            }
        }.noting(outcome.usage, of: request, in: context)
    }

    /// Whether a body that was posted to the root comes from the Hub client's text_classification: it always has
    /// `parameters`, and the options of feature_extraction never stand there.
    static func asksForClasses(_ body: JSONObject) -> Bool {
        guard case .object(let parameters) = body["parameters"] else { return false }
        return ["normalize", "dimensions", "prompt_name"].allSatisfy { parameters[$0] == nil }
    }
}
