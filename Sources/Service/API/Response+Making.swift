import HTTPServer
import HTTPTypes
import JSON

extension Response {
    static func json(status: Int = 200, _ bytes: [UInt8]) -> Response {
        var head = HTTPResponse(status: .init(code: status))
        head.headerFields[.contentType] = "application/json"
        return Response(head: head, body: .bytes(bytes))
    }

    /// `{"error": …, "error_type": …}`, text-embeddings-inference's form.
    static func error(_ error: ServiceError) -> Response {
        var response = json(status: error.status, errorBody(error.kind, error.message))
        if let seconds = error.retryAfter { response.head.headerFields[.retryAfter] = "\(seconds)" }
        if let allow = error.allow { response.head.headerFields[.allow] = allow }
        return response
    }

    static func errorBody(_ kind: ServiceError.Kind, _ message: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("error")
            writer.string(message)
            writer.key("error_type")
            writer.string(kind.rawValue)
        }
        return writer.bytes
    }
}

/// Field names of our answers that no standard has.
extension HTTPField.Name {
    /// How many inputs were cut to the model's length; only when some were.
    static let truncatedInputs = Self.make("x-truncated-inputs")
    /// Tokens that went through the model.
    static let computeTokens = Self.make("x-compute-tokens")
    /// Milliseconds of tokenization; this and the two below are text-embeddings-inference's.
    static let tokenizationTime = Self.make("x-tokenization-time")
    /// Milliseconds until the last input was handed to a worker.
    static let queueTime = Self.make("x-queue-time")
    /// Milliseconds from then until the last input was computed.
    static let inferenceTime = Self.make("x-inference-time")

    private static func make(_ name: String) -> HTTPField.Name {
        guard let made = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid field name") }
        return made
    }
}
