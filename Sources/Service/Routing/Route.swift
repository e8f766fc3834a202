import Encoder
import HTTPProtocol
import HTTPTypes
import Inference
import JSON

/// A route: its paths, its function that answers requests, and the form of its errors.
///
/// Several routes may share a path. The method or the body tells them apart (``RoutePath/fits``).
package struct Route: Sendable {
    /// The way in which the answer is made.
    enum Answer: Sendable {
        /// Answers GET and HEAD. It runs on the event loop, because it needs no wait and next to no work. While
        /// `isCostly` is true, it runs on the request-work executor.
        case atOnce(
            @Sendable (RouteRequest, RouteContext) throws -> Response,
            isCostly: @Sendable (RouteContext) -> Bool
        )
        /// Answers POST, on the request-work executor.
        case work(@Sendable (RouteRequest, RouteContext) async throws -> Response)
    }

    /// The kind of body that a request may have.
    enum Content: Sendable {
        /// JSON. The client may leave out the content type, but may not name another type.
        case json
        /// Bytes that the route interprets itself.
        case any
    }

    /// The paths of the route, the main path first.
    let paths: [RoutePath]
    /// The form of errors.
    let errors: ErrorShape
    let content: Content
    /// Whether the route's requests wait for the engine. If so, a request that would wait in vain is refused before its
    /// JSON is read.
    let isQueued: Bool
    let answer: Answer
    /// Whether the answer is a page for people. It has nothing of the service or its model in it, and needs no key,
    /// because a browser sends none when it opens a page.
    let isPage: Bool
    /// The route's label in logs and metrics.
    let label: RouteLabel

    private init(
        paths: [RoutePath],
        errors: ErrorShape,
        content: Content,
        isQueued: Bool,
        answer: Answer,
        isPage: Bool = false
    ) {
        self.paths = paths
        self.errors = errors
        self.content = content
        self.isQueued = isQueued
        self.answer = answer
        self.isPage = isPage
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

    /// A route to GET a page.
    static func page(_ paths: RoutePath..., answer: @escaping @Sendable () throws -> Response) -> Route {
        let answer = Answer.atOnce({ _, _ in try answer() }, isCostly: { _ in false })
        return Route(paths: paths, errors: .tei, content: .any, isQueued: false, answer: answer, isPage: true)
    }

    /// A route to POST.
    /// - Parameter roots: further paths, for clients that know only the service's address.
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

    /// Whether the route is about the service itself, and not work.
    var isStatus: Bool { !label.isWork }

    /// The accepted methods, as in an Allow field.
    var methods: [String] { isStatus ? ["GET", "HEAD"] : ["POST"] }
}

/// A path of a route: `/embed`, or with parameters that are whole segments: `/v2/models/{model}/infer`.
struct RoutePath: Sendable {
    /// The path as it is written.
    let template: String
    /// The head that this path needs: if the model lacks it, no body is meant for this route.
    let head: Head?
    /// Whether a body is meant for this route; nil for the route that takes all bodies that fit no other route.
    let fits: (@Sendable (JSONObject) -> Bool)?
    /// Whether a request with these header fields is meant for this route; nil for the route that takes all requests
    /// that no other route takes.
    let asks: (@Sendable (HTTPFields) -> Bool)?

    init(_ template: String, forHead head: Head? = nil, ifBody fits: (@Sendable (JSONObject) -> Bool)? = nil) {
        self.template = template
        self.head = head
        self.fits = fits
        asks = nil
    }

    /// A path that takes only requests with certain header fields.
    init(_ template: String, ifFields asks: @escaping @Sendable (HTTPFields) -> Bool) {
        self.template = template
        head = nil
        fits = nil
        self.asks = asks
    }

    /// A path that takes only bodies with a key.
    init(_ template: String, ifBodyHas key: String) {
        self.init(template) { $0[key] != nil }
    }

    /// The paths for clients that know only an address: the root, and SageMaker's path. The body decides between the
    /// routes and, for a task that needs a head, whether the model has that head.
    static func roots(
        forHead head: Head? = nil,
        ifBody fits: (@Sendable (JSONObject) -> Bool)? = nil
    ) -> [RoutePath] {
        ["/", "/invocations"].map { RoutePath($0, forHead: head, ifBody: fits) }
    }

    /// Whether a body is meant for this route, and not for another route of the path.
    func takes(_ body: JSONObject, heads: Set<Head>) -> Bool {
        (head.map(heads.contains) ?? true) && (fits?(body) ?? true)
    }
}

extension RoutePath: ExpressibleByStringLiteral {
    init(stringLiteral template: String) {
        self.init(template)
    }
}
