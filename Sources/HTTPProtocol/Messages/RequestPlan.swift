package import Time

/// The announcement of a body in a request's head.
package enum AnnouncedBody: Sendable {
    /// There is no body, or the request is whole already.
    case none
    /// A body follows, whatever the verdict is.
    case follows
    /// The client waits for 100 (Continue), or for the final answer, before it sends the body (RFC 9110, 10.1.1).
    case awaited
}

/// The decision about a request, made from its head.
package enum Verdict: Sendable {
    /// The request is answered now. Its body is not read.
    case answer(Response)
    /// The body is read; the plan is carried out once the request is complete.
    case plan(any RequestPlan)
}

/// A plan for a request, made from its head and carried out once the request is complete. The protocol keeps the plan
/// while it reads the body.
package protocol RequestPlan: AnyObject, Sendable {
    /// Whether the request takes work. A server that has too many connections for work still answers other requests,
    /// such as questions about its health.
    var isWork: Bool { get }

    /// Begins to carry out the plan, with the complete request. Runs on the event loop, so it must be quick: it delays
    /// every connection.
    func begin(_ request: Request, _ arrival: Arrival) -> Reply
}

/// The reply to a complete request.
package enum Reply: Sendable {
    /// An answer that is there already, because it needed no wait and next to no work (health, metrics, 404).
    case answer(Response)
    /// Work that makes the answer off the event loop.
    case work(any RequestWork)
}

/// A complete request whose answer takes time.
package protocol RequestWork: AnyObject, Sendable {
    /// Makes the answer. Runs on the request-work executor; its task is cancelled when the client disconnects, and its
    /// answer is then dropped.
    func run() async -> Response

    /// The answer if the server does not let the work run, either because there is no capacity for it or because its
    /// client has disconnected (499; then nobody gets the answer). Called on the event loop, at most once, instead of
    /// ``run()``.
    func refuse(status: Int, message: String) -> Response

    /// The time after which only ``tooLate(replacing:)`` is worth sending; nil if there is none.
    var deadline: Instant? { get }

    /// The answer instead of one that was made but could not be sent in time.
    ///
    /// - Parameter record: The record of the answer that is not sent.
    func tooLate(replacing record: (any AnswerRecord)?) -> Response
}

/// The facts about a request that are not in its content: when it arrived, and from whom.
package struct Arrival: Sendable {
    /// The time at which the whole request had arrived, although it may have been read later.
    package var received: Instant
    /// How long it waited to be read.
    package var unread: Duration
    /// Set if the server reads requests late, so that a request that waited longer than this should not begin work.
    package var longestWait: Duration?
    /// The work that waits for a request thread before the request's own.
    package var before = Backlog()
    /// The client's address, without its port; "unix" for a unix socket, nil for a client that has disconnected.
    package var client: String?

    /// Makes an arrival; by default its time is now.
    package init(received: Instant? = nil, client: String? = nil) {
        let now = Instant.now
        // A clock that was set back can make the time of arrival later than now.
        self.received = min(received ?? now, now)
        unread = self.received.duration(to: now)
        self.client = client
    }
}

/// Work that waits for request threads.
package struct Backlog: Sendable, Equatable {
    /// The jobs: requests that wait to be read, and results that wait to be written.
    package var jobs: Int
    /// How long a new job will wait for them.
    package var delay: Duration

    /// A backlog; by default an empty one.
    package init(jobs: Int = 0, delay: Duration = .zero) {
        self.jobs = jobs
        self.delay = delay
    }
}
