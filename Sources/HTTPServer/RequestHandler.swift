package import HTTPProtocol
package import HTTPTypes

/// What answers requests.
package protocol RequestHandler: Sendable {
    /// An answer that needs no wait and next to no work (health, metrics, 404), or nil. Called on the event loop,
    /// where whatever takes time delays every connection.
    func respondAtOnce(to request: Request, _ arrival: Arrival) -> Response?

    /// The answer to any other request. Runs on the request-work executor; its task is cancelled when the client
    /// goes, and its answer is then dropped.
    func respond(to request: Request, _ arrival: Arrival) async -> Response

    /// The answer to a request that is refused by its head, before its body is read; nil lets it come. What has no body
    /// is not asked about. Called on the event loop.
    func refusal(of head: HTTPRequest, _ arrival: Arrival) -> Response?

    /// The answer to what the HTTP layer refuses by itself; it is called once for each. Called on the event loop.
    func refuse(_ refusal: Refusal) -> Response
}

/// What the server knows of a request beside its content.
package struct Arrival: Sendable {
    /// When all of it was there.
    package var received: ContinuousClock.Instant
    /// The client's address, without its port; "unix" behind a unix socket, nil for one that has gone.
    package var client: String?

    /// An arrival, now unless said otherwise.
    package init(received: ContinuousClock.Instant = .now, client: String? = nil) {
        self.received = received
        self.client = client
    }
}

/// What the HTTP layer answers by itself: what breaks the protocol or a limit, or what there is no room for.
package struct Refusal: Sendable {
    /// The status of the answer; 499 where the client has gone before there was one, which then goes nowhere.
    package var status: Int
    /// What was found, and what was expected or is to be done.
    package var message: String
    /// The request, where there is a whole one.
    package var request: Request?
    /// When and from where it came.
    package var arrival: Arrival
    /// The record of an answer that could not be given, and which this one replaces.
    package var replaced: (any AnswerRecord)?

    /// A refusal with all that is known.
    package init(
        status: Int,
        message: String,
        request: Request? = nil,
        arrival: Arrival,
        replaced: (any AnswerRecord)? = nil
    ) {
        self.status = status
        self.message = message
        self.request = request
        self.arrival = arrival
        self.replaced = replaced
    }
}

/// Hears what becomes of an answer, so that what is counted and logged is what was sent. It is let go when the answer
/// is all with the protocol, or when it never will be.
package protocol AnswerRecord: AnyObject, Sendable {
    /// The answer begins, with so many bytes of its content.
    func began(status: Int, bytes: Int, isComplete: Bool)

    /// It goes on.
    func continued(bytes: Int, isComplete: Bool)
}
