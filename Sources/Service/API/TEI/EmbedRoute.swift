import Encoder
import HTTPServer

extension TEIRoutes {
    /// `[[float]]`, a vector for each input; or another of ``EmbeddingMedia``.
    static func embed(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let media = try EmbeddingMedia.wanted(by: request)
        let format = try EmbeddingFormat(fields)
        var options = EmbedOptions()
        options.input = try fields.inputOptions()
        // Bytes hold the components of vectors of length 1.
        options.normalize = try fields.boolean("normalize") ?? (format.type.isScaled ? true : nil)
        options.pooling = try fields.choice("pooling", Pooling.self)
        options.dimensions = try fields.integer("dimensions")
        let outcome = try await context.inference.embed(fields.inputs(), options: options)
        return media.response(try format.components(outcome.value), format: format)
            .noting(outcome.usage, of: request, in: context)
    }
}
