import HTTPServer
import JSON
import Tokenization

extension TEIRoutes {
    /// `["…"]`, the text of each list of ids.
    static func decode(_ request: RouteRequest, _ context: RouteContext) throws -> Response {
        let fields = try request.fields()
        let inference = try context.inference
        let skipSpecialTokens = try fields.boolean("skip_special_tokens") ?? true
        let lists = try fields.idLists()
        let limit = inference.configuration.maxClientBatchSize
        guard lists.count <= limit else { throw InferenceError.tooManyInputs(count: lists.count, limit: limit) }
        let tokenizer = try inference.tokenizer()
        return try .json { writer in
            try writer.array(lists) { writer, ids in
                writer.string(try tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens))
            }
        }
    }
}
