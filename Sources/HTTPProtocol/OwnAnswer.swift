import HTTPTypes

/// Answers that the protocol makes by itself, when a request never reaches a handler.
enum OwnAnswer {
    /// The head of an answer whose body is `errorBody`'s JSON.
    static func response(status: Int, fields: HTTPFields) -> HTTPResponse {
        var fields = fields
        fields[.contentType] = "application/json"
        return HTTPResponse(status: .init(code: status), headerFields: fields)
    }
}
