package import HTTPTypes

/// An answer to a request. The server adds `Date` and `Server`; the protocol adds length or chunking.
package struct Response: Sendable {
    /// Status and header fields.
    package var head: HTTPResponse
    /// The content. For a HEAD request, what GET would get: only its headers are sent.
    package var body: ResponseBody
    /// Told what becomes of it.
    package var record: (any AnswerRecord)?

    /// An answer of any content.
    package init(head: HTTPResponse, body: ResponseBody) {
        self.head = head
        self.body = body
    }

    /// A JSON answer.
    package init(status: HTTPResponse.Status, json: [UInt8]) {
        head = HTTPResponse(status: status, headerFields: [.contentType: "application/json"])
        body = .bytes(json)
    }
}

/// The content of an answer.
package enum ResponseBody: Sendable {
    /// All of it.
    case bytes([UInt8])
    /// Pulled piece by piece, one at a time, as the client reads; nil ends it, an error breaks the connection or
    /// stream off. Runs on the request-work executor, and is cancelled when the client goes.
    case stream(@Sendable () async throws -> [UInt8]?)
}
