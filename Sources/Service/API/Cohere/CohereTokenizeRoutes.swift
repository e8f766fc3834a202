import HTTPServer
import JSON
import Tokenization

extension CohereRoutes {
    /// `{tokens: [id], token_strings: […], meta}`, without the model's special tokens.
    static func tokenize(_ request: RouteRequest, _ context: RouteContext) throws -> Response {
        let fields = try request.fields()
        let text = try fields.text("text")
        var options = TokenizeOptions()
        options.addSpecialTokens = false
        let inference = try context.inference
        let ids = try inference.tokenize([.text(text)], options: options)[0].ids
        let tokenizer = try inference.tokenizer()
        return .json { writer in
            writer.object { writer in
                writer.key("tokens")
                writer.array(ids) { $0.integer($1) }
                writer.key("token_strings")
                writer.array(ids) { $0.string(tokenizer.token(id: $1) ?? "") }
                writer.cohereMeta(version: 1)
            }
        }
    }

    /// `{text, meta}`.
    static func detokenize(_ request: RouteRequest, _ context: RouteContext) throws -> Response {
        let fields = try request.fields()
        let tokens = try fields.list("tokens", of: "token ids") { $0.integer.flatMap { Int32(exactly: $0) } }
        let ids = try fields.required("tokens", tokens)
        let text = try context.inference.tokenizer().decode(ids, skipSpecialTokens: false)
        return .json { writer in
            writer.object { writer in
                writer.member("text", text)
                writer.cohereMeta(version: 1)
            }
        }
    }
}
