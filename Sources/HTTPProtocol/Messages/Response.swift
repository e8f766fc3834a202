package import HTTPTypes

/// An answer, in the one shape that it has from the handler to the protocol. The server adds `Date` and `Server`; the
/// protocol adds length or chunking.
package struct Response: Sendable {
    /// Status and header fields.
    package var head: HTTPResponse
    /// The content. For a HEAD request, what GET would get: only its headers are sent.
    package var body: ResponseBody
    /// Told what becomes of the answer.
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

    /// The content of an answer that the protocol gives by itself, which is never streamed.
    var bytes: [UInt8] {
        if case .bytes(let bytes) = body { bytes } else { [] }
    }

    /// The head of an answer that the protocol gives by itself: `common` fields, then those of the content.
    func ownHead(common: HTTPFields) -> HTTPResponse {
        var all = common
        for field in head.headerFields { all.append(field) }
        return HTTPResponse(status: head.status, headerFields: all)
    }
}

/// The content of an answer.
package enum ResponseBody: Sendable {
    /// All of it.
    case bytes([UInt8])
    /// Pulled piece by piece, one at a time, as the client reads; nil ends it, an error breaks the connection or
    /// stream off. Runs on the request-work executor, and is cancelled when the client disconnects.
    case stream(@Sendable () async throws -> [UInt8]?)
}

/// Hears what becomes of an answer, so that the counts and the log tell what was sent. The record is released when the
/// protocol has the whole answer, or when it never will have it.
package protocol AnswerRecord: AnyObject, Sendable {
    /// The answer begins, with so many bytes of its content.
    func began(status: Int, bytes: Int, isComplete: Bool)

    /// The answer goes on.
    func continued(bytes: Int, isComplete: Bool)
}
