import Encoder
import HTTPProtocol
import HTTPTypes
import Inference
import JSON

/// One thing that clients ask for: its paths, how it is answered, and how its errors look.
///
/// Several routes may share a path: with methods of their own, or told apart by the body (``RoutePath/fits``).
package struct Route: Sendable {
    /// How the answer is made.
    enum Answer: Sendable {
        /// To GET and HEAD, on the event loop, because it needs no wait and next to no work; on the request-work
        /// executor while `isCostly` says that it does.
        case atOnce(
            @Sendable (RouteRequest, RouteContext) throws -> Response,
            isCostly: @Sendable (RouteContext) -> Bool
        )
        /// To POST, on the request-work executor.
        case work(@Sendable (RouteRequest, RouteContext) async throws -> Response)
    }

    /// What a request's body may be.
    enum Content: Sendable {
        /// JSON: the client may leave its type unsaid, but may not name another type.
        case json
        /// Bytes that the route interprets itself.
        case any
    }

    /// Where the route is found, the main path first.
    let paths: [RoutePath]
    /// How errors look.
    let errors: ErrorShape
    let content: Content
    /// Whether the route waits for the engine. Then a request is refused before its JSON is read if it would wait in
    /// vain.
    let isQueued: Bool
    let answer: Answer
    /// What logs and metrics know the route by.
    let label: RouteLabel

    private init(paths: [RoutePath], errors: ErrorShape, content: Content, isQueued: Bool, answer: Answer) {
        self.paths = paths
        self.errors = errors
        self.content = content
        self.isQueued = isQueued
        self.answer = answer
        let isWork = if case .work = answer { true } else { false }
        label = RouteLabel(name: paths[0].template, isWork: isWork, isQueued: isQueued)
    }

    /// A route to GET.
    /// - Parameter isCostly: whether making the answer takes too long for the event loop now.
    static func get(
        _ paths: RoutePath...,
        errors: ErrorShape,
        answer: @escaping @Sendable (RouteRequest, RouteContext) throws -> Response,
        isCostly: @escaping @Sendable (RouteContext) -> Bool = { _ in false }
    ) -> Route {
        Route(paths: paths, errors: errors, content: .any, isQueued: false, answer: .atOnce(answer, isCostly: isCostly))
    }

    /// A route to POST.
    /// - Parameter roots: further paths, to which clients post that know only the service's address.
    static func post(
        _ paths: RoutePath...,
        roots: [RoutePath] = [],
        errors: ErrorShape,
        content: Content = .json,
        isQueued: Bool = true,
        answer: @escaping @Sendable (RouteRequest, RouteContext) async throws -> Response
    ) -> Route {
        Route(paths: paths + roots, errors: errors, content: content, isQueued: isQueued, answer: .work(answer))
    }

    /// The main path.
    var name: String { label.name }

    /// Whether the route is a question about the service rather than work.
    var isStatus: Bool { !label.isWork }

    /// The methods taken, as in an Allow field.
    var methods: [String] { isStatus ? ["GET", "HEAD"] : ["POST"] }
}

/// A path on which a route is found: `/embed`, or with parameters of whole segments: `/v2/models/{model}/infer`.
struct RoutePath: Sendable {
    /// The path as it is written.
    let template: String
    /// The head that a model must have for a body to be meant for this route.
    let head: Head?
    /// Whether a body is meant for this route; nil for the route that takes the bodies that fit no other.
    let fits: (@Sendable (JSONObject) -> Bool)?

    init(_ template: String, forHead head: Head? = nil, ifBody fits: (@Sendable (JSONObject) -> Bool)? = nil) {
        self.template = template
        self.head = head
        self.fits = fits
    }

    /// Only for bodies with a key.
    init(_ template: String, ifBodyHas key: String) {
        self.init(template) { $0[key] != nil }
    }

    /// The paths to which clients post that know only an address: the root, and SageMaker's path. The body decides
    /// between the routes and, for a task that needs a head, whether the model has that head.
    static func roots(
        forHead head: Head? = nil,
        ifBody fits: (@Sendable (JSONObject) -> Bool)? = nil
    ) -> [RoutePath] {
        ["/", "/invocations"].map { RoutePath($0, forHead: head, ifBody: fits) }
    }

    /// Whether a body is meant for this route rather than another one of the path.
    func takes(_ body: JSONObject, heads: Set<Head>) -> Bool {
        (head.map(heads.contains) ?? true) && (fits?(body) ?? true)
    }
}

extension RoutePath: ExpressibleByStringLiteral {
    init(stringLiteral template: String) {
        self.init(template)
    }
}
