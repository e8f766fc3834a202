/// What a request's head decides.
package enum Verdict: Sendable {
    /// The request is answered now. Its body is not read.
    case answer(Response)
    /// The body may come; the plan is carried out once the request is whole.
    case plan(any RequestPlan)
}

/// What is to be done with a request once it is whole: all that its head decides. The protocol keeps the plan while it
/// reads the body.
package protocol RequestPlan: AnyObject, Sendable {
    /// Begins with the whole request. Runs on the event loop, where whatever takes time delays every connection.
    func begin(_ request: Request, _ arrival: Arrival) -> Reply
}

/// How a whole request is answered.
package enum Reply: Sendable {
    /// By this answer, which needed no wait and next to no work (health, metrics, 404).
    case answer(Response)
    /// By work, off the event loop.
    case work(any RequestWork)
}

/// A whole request that takes time to answer.
package protocol RequestWork: AnyObject, Sendable {
    /// Makes the answer. Runs on the request-work executor; its task is cancelled when the client disconnects, and its
    /// answer is then dropped.
    func run() async -> Response

    /// The answer where the server does not let the work run: there is no capacity for it, or its client has
    /// disconnected (499), and the answer then goes nowhere. Called on the event loop, at most once, instead of
    /// ``run()``.
    func refuse(status: Int, message: String) -> Response
}

/// What the server knows of a request beside its content.
package struct Arrival: Sendable {
    /// When all of the request was there.
    package var received: ContinuousClock.Instant
    /// The client's address, without its port; "unix" behind a unix socket, nil for a client that has disconnected.
    package var client: String?

    /// An arrival, now unless said otherwise.
    package init(received: ContinuousClock.Instant = .now, client: String? = nil) {
        self.received = received
        self.client = client
    }
}
