import HTTPProtocol
import HTTPTypes

/// The rules for web pages that may read our answers (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
/// Credentials that a browser adds by itself are not used, because the page itself sends the key.
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

    /// Adds the fields that the browser needs. The answer to a preflight OPTIONS also gets the fields that say what is
    /// allowed.
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
        // The answer repeats the names that the browser asks for, because `*` would not cover Authorization. The value
        // is safe to repeat: an invalid field value was refused before.
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
    /// Adds a `Vary` field: the answer also depends on these request fields.
    mutating func addVary(_ names: String) {
        self[.vary] = self[.vary].map { "\($0), \(names)" } ?? names
    }
}
