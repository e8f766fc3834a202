import HTTPProtocol
import HTTPTypes

/// Which web pages may read our answers (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol). Credentials that
/// a browser adds by itself are never asked for: keys come from the page.
struct CrossOrigin: Sendable {
    private let origins: AllowedOrigins
    private let maxAge: Duration

    /// - Parameters:
    ///   - list: Origins, as ``AllowedOrigins`` reads them; nil when one is malformed.
    ///   - maxAge: How long a browser may remember a permission.
    init?(allowing list: String, maxAge: Duration) {
        guard let origins = AllowedOrigins(list) else { return nil }
        self.origins = origins
        self.maxAge = maxAge
    }

    /// Adds the fields that the browser must know, and to the answer of a preflight OPTIONS also what is allowed.
    func mark(_ response: inout Response, for head: HTTPRequest) {
        let fields = head.headerFields
        if case .listed = origins { response.head.headerFields.addVary("Origin") }
        guard let origin = fields[.origin], let allowed = permission(for: origin) else { return }
        response.head.headerFields[.accessControlAllowOrigin] = allowed
        guard head.method == .options, fields[.accessControlRequestMethod] != nil else {
            response.head.headerFields[.accessControlExposeHeaders] = "*"
            return
        }
        response.head.headerFields.addVary("Access-Control-Request-Method, Access-Control-Request-Headers")
        response.head.headerFields[.accessControlAllowMethods] = response.head.headerFields[.allow]
        // The names that the browser asks for, because `*` would not cover Authorization. Only a valid field value gets
        // this far.
        response.head.headerFields[.accessControlAllowHeaders] = fields[.accessControlRequestHeaders]
        response.head.headerFields[.accessControlMaxAge] = "\(maxAge.components.seconds)"
    }

    private func permission(for origin: String) -> String? {
        switch origins {
        case .any: "*"
        case .listed(let listed): listed.contains(origin.lowercased()) ? origin : nil
        }
    }
}

extension HTTPFields {
    /// Says that the answer also depends on these request fields.
    mutating func addVary(_ names: String) {
        self[.vary] = self[.vary].map { "\($0), \(names)" } ?? names
    }
}
