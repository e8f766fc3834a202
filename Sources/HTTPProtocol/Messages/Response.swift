package import HTTPTypes

/// An answer. It has this one form all the way from the handler to the protocol. The server adds `Date` and `Server`;
/// the protocol adds length or chunking.
package struct Response: Sendable {
    /// Status and header fields.
    package var head: HTTPResponse
    /// The content. For a HEAD request it is the content that GET would get; only the headers are sent.
    package var body: ResponseBody
    /// The record that follows the answer until it is sent.
    package var record: (any AnswerRecord)?
    /// The refusal that requests with an equal head get too, if this answer is one.
    package var repeatable: RepeatableRefusal?
    /// The permission to hold the content's bytes. It is released when the connection has the content and counts it.
    package var held: (any Sendable)?

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

    /// The content of an answer that the protocol itself gives. Such an answer is never streamed.
    var bytes: [UInt8] {
        if case .bytes(let bytes) = body { bytes } else { [] }
    }

    /// The head of an answer that the protocol itself gives: the `common` fields, then those of the content.
    func ownHead(common: HTTPFields) -> HTTPResponse {
        var all = common
        for field in head.headerFields { all.append(field) }
        return HTTPResponse(status: head.status, headerFields: all)
    }
}

/// The content of an answer.
package enum ResponseBody: Sendable {
    /// The whole content.
    case bytes([UInt8])
    /// A function that is called for one piece after another, as the client reads. Nil ends the content; an error
    /// breaks off the connection or the stream. The function runs on the request-work executor, and is cancelled when
    /// the client disconnects.
    case stream(@Sendable () async throws -> [UInt8]?)
}

/// Records what is sent of an answer, for the counts and the log. The record is released when the protocol has the
/// whole answer, or when it is certain that it will never get it.
package protocol AnswerRecord: AnyObject, Sendable {
    /// Notes that the answer begins, with this many bytes of its content.
    func began(status: Int, bytes: Int, isComplete: Bool)

    /// Notes that the answer continues, with this many bytes of its content.
    func continued(bytes: Int, isComplete: Bool)
}
