package import HTTPProtocol
package import HTTPTypes

/// What answers requests. Both functions are called on the event loop.
package protocol RequestHandler: Sendable {
    /// Judges a request by its head, once for each request: when its head is complete if a body follows, else when the
    /// request is handed out. Only where a body follows may the verdict be an answer: it spares the body.
    func judge(_ head: HTTPRequest, bodyFollows: Bool, client: String?) -> Verdict

    /// The answer to what the HTTP layer refuses by itself. Called once for each refusal.
    func refuse(_ refusal: Refusal) -> Response
}

/// What the HTTP layer answers by itself: what breaks the protocol or a limit, or what there is no capacity for.
package struct Refusal: Sendable {
    /// The status of the answer.
    package var status: Int
    /// What was found, and what was expected or is to be done.
    package var message: String
    /// When and from where the request came.
    package var arrival: Arrival
    /// The record of an answer that could not be given, and which this one replaces.
    package var replaced: (any AnswerRecord)?

    /// A refusal with all that is known.
    package init(status: Int, message: String, arrival: Arrival, replaced: (any AnswerRecord)? = nil) {
        self.status = status
        self.message = message
        self.arrival = arrival
        self.replaced = replaced
    }
}
