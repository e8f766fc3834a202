import JSON

/// A path on which a route is found: `/embed`, or with parameters of whole segments: `/v2/models/{model}/infer`.
struct RoutePath: Sendable {
    /// The path as it is written.
    let template: String
    /// Whether a body is meant for this route; nil for the route that takes the bodies that fit no other.
    let fits: (@Sendable (JSONObject) -> Bool)?

    init(_ template: String, ifBody fits: (@Sendable (JSONObject) -> Bool)? = nil) {
        self.template = template
        self.fits = fits
    }

    /// Only for bodies with a key.
    init(_ template: String, ifBodyHas key: String) {
        self.init(template) { $0[key] != nil }
    }

    /// Where clients post that are given nothing but an address: the root, and SageMaker's path. The body decides.
    static func roots(ifBody fits: (@Sendable (JSONObject) -> Bool)? = nil) -> [RoutePath] {
        [RoutePath("/", ifBody: fits), RoutePath("/invocations", ifBody: fits)]
    }
}

extension RoutePath: ExpressibleByStringLiteral {
    init(stringLiteral template: String) {
        self.init(template)
    }
}
