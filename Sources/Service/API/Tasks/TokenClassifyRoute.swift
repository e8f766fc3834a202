import Encoder
import HTTPProtocol
import Inference
import JSON
import Results

/// Labels words and names, in the form of Hugging Face's token classification pipeline and of the Hub's client.
enum TokenClassifyRoute {
    static let route = Route.post(
        "/token_classify",
        "/token-classification",
        roots: RoutePath.roots(forHead: .tokenClassification, ifBody: asksForTokens),
        errors: .tei,
        answer: classify
    )

    /// A list of entities for a text; a list of such lists for a list of texts.
    static func classify(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let (texts, isBatch) = try fields.textOrTexts("inputs")
        let options = try TokenClassificationOptions(fields)
        let outcome = try await context.inference.classifyTokens(texts, options: options)
        return try Response.json(outcome.value, isBatch: isBatch) { writer, entities in
            writer.array(entities) { $1.write(to: &$0) }
        }.noting(outcome.usage, of: request, in: context)
    }

    /// The Hub's client always sends `parameters`.
    private static func asksForTokens(_ body: JSONObject) -> Bool {
        if case .object = body["parameters"] { body["inputs"] != nil } else { false }
    }
}

extension TokenClassificationOptions {
    /// The options, by the pipeline's names.
    init(_ fields: RequestFields) throws {
        self.init()
        input = try fields.inputOptions()
        aggregation = try fields.choice("aggregation_strategy", AggregationStrategy.self) ?? aggregation
        ignoredLabels = try fields.strings("ignore_labels").map { Set($0.map { ExactText($0) }) } ?? ignoredLabels
        stride = try fields.integer("stride")
    }
}
