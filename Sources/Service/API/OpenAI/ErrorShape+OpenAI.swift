import JSON

extension ErrorShape {
    /// `{"error": {"message", "type", "param", "code"}}`, with 400 for what is 422 elsewhere.
    static let openAI = ErrorShape(status: { $0.status == 422 ? 400 : $0.status }) { error, writer in
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", error.message)
                writer.member("type", error.openAIType)
                writer.key("param")
                writer.null()
                writer.key("code")
                if let code = error.openAICode { writer.string(code) } else { writer.null() }
            }
        }
    }
}

extension ServiceError {
    fileprivate var openAIType: String {
        switch status {
        case 401: "authentication_error"
        case 429: "requests"
        case 424, 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    fileprivate var openAICode: String? {
        switch status {
        case 401: "invalid_api_key"
        case 404: "model_not_found"
        case 429: "rate_limit_exceeded"
        case 503: "service_unavailable"
        default: nil
        }
    }
}
