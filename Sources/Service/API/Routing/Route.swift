import HTTPServer
import HTTPTypes

/// One thing that clients ask for: where it is asked for, how it is answered, and how its errors look.
///
/// Several routes may share a path: with methods of their own, or told apart by the body (``RoutePath/fits``).
package struct Route: Sendable {
    /// How the answer is made.
    enum Answer: Sendable {
        /// On the event loop, because it needs no wait and next to no work. To GET and HEAD.
        case atOnce(@Sendable (RouteRequest, RouteContext) throws -> Response)
        /// On the request-work executor. To POST.
        case work(@Sendable (RouteRequest, RouteContext) async throws -> Response)
    }

    /// What a request's body may be.
    enum Content: Sendable {
        /// JSON, whatever the client calls it short of another type by name.
        case json
        /// Bytes whose meaning the route finds out itself.
        case any
    }

    /// Where the route is found, the main path first.
    let paths: [RoutePath]
    let errors: ErrorShape
    let content: Content
    /// Whether it waits for the engine: it is then refused before its body is read when it would wait in vain.
    let isQueued: Bool
    let answer: Answer

    /// A route to GET.
    static func get(
        _ paths: RoutePath...,
        errors: ErrorShape,
        answer: @escaping @Sendable (RouteRequest, RouteContext) throws -> Response
    ) -> Route {
        Route(paths: paths, errors: errors, content: .any, isQueued: false, answer: .atOnce(answer))
    }

    /// A route to POST.
    /// - Parameter roots: besides, where clients post that know nothing but the service's address.
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

    /// The main path, by which metrics know the route.
    var name: String { paths[0].template }

    /// Whether the route is a question about the service rather than work.
    var isStatus: Bool { if case .atOnce = answer { true } else { false } }

    /// The methods taken, as in an Allow field.
    var methods: [String] { isStatus ? ["GET", "HEAD"] : ["POST"] }
}
