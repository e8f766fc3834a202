import Encoder
import JSON

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

    /// Where clients post that are given nothing but an address: the root, and SageMaker's path. The body decides,
    /// and for a task that needs a head, whether the model has it.
    static func roots(
        forHead head: Head? = nil,
        ifBody fits: (@Sendable (JSONObject) -> Bool)? = nil
    ) -> [RoutePath] {
        ["/", "/invocations"].map { RoutePath($0, forHead: head, ifBody: fits) }
    }

    /// Whether a body is meant for this route, of those on the path.
    func takes(_ body: JSONObject, heads: Set<Head>) -> Bool {
        (head.map(heads.contains) ?? true) && (fits?(body) ?? true)
    }
}

extension RoutePath: ExpressibleByStringLiteral {
    init(stringLiteral template: String) {
        self.init(template)
    }
}
