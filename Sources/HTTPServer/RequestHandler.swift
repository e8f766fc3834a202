package import HTTPProtocol
package import HTTPTypes

/// Answers requests. Both functions are called on the event loop.
package protocol RequestHandler: Sendable {
    /// Judges a request by its head. It is called once for each request: if a body follows, when the head is complete;
    /// otherwise when the request is handed out. The verdict may be an answer only if a body follows; the body is then
    /// not read.
    func judge(_ head: HTTPRequest, body: AnnouncedBody, client: String?) -> Verdict

    /// The answer to a request that the HTTP layer itself refuses. Called once for each refusal.
    func refuse(_ refusal: Refusal) -> Response
}

/// A request that the HTTP layer itself refuses, because the request breaks the protocol or a limit, or because there
/// is no capacity for it.
package struct Refusal: Sendable {
    /// The status of the answer.
    package var status: Int
    /// The message: what was found, and what was expected or what the client should do.
    package var message: String
    /// The time at which the request arrived, and its client.
    package var arrival: Arrival
    /// The record of the answer that this refusal replaces, if there was one that could not be sent.
    package var replaced: (any AnswerRecord)?

    /// Makes a refusal.
    package init(status: Int, message: String, arrival: Arrival, replaced: (any AnswerRecord)? = nil) {
        self.status = status
        self.message = message
        self.arrival = arrival
        self.replaced = replaced
    }
}
