import HTTPServer
import HTTPTypes

/// Which web pages may read our answers (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol). Credentials that
/// a browser adds by itself are never asked for: keys come from the page.
struct CrossOrigin: Sendable {
    private enum Origins: Sendable {
        case any
        case listed(Set<String>)
    }

    private let origins: Origins
    private let maxAge: Duration

    /// - Parameters:
    ///   - list: `*`, or origins with commas between them; nil where one is malformed.
    ///   - maxAge: How long a browser may remember a permission.
    init?(allowing list: String, maxAge: Duration) {
        self.maxAge = maxAge
        let elements = list.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed.lowercased() }
        if elements == ["*"] {
            origins = .any
        } else {
            guard elements.allSatisfy(Self.isOrigin) else { return nil }
            origins = .listed(Set(elements))
        }
    }

    /// Adds to an answer what the browser must know; to that of OPTIONS, where it is a preflight, what is allowed.
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
        // What it asks for, as `*` would not cover Authorization. A field value is all that gets this far.
        response.head.headerFields[.accessControlAllowHeaders] = fields[.accessControlRequestHeaders]
        response.head.headerFields[.accessControlMaxAge] = "\(maxAge.components.seconds)"
    }

    private func permission(for origin: String) -> String? {
        switch origins {
        case .any: "*"
        case .listed(let listed): listed.contains(origin.lowercased()) ? origin : nil
        }
    }

    /// `scheme://host[:port]`, as browsers write it: nothing behind it. Or `null`, the origin of local files.
    private static func isOrigin(_ text: String) -> Bool {
        text == "null" || text.wholeMatch(of: /[a-z][a-z0-9+.-]*:\/\/[a-z0-9._~%\[\]:-]+/) != nil
    }
}

extension HTTPFields {
    /// Says that the answer also depends on these request fields.
    mutating func addVary(_ names: String) {
        self[.vary] = self[.vary].map { "\($0), \(names)" } ?? names
    }
}

extension Substring {
    /// Without spaces and tabs at either end.
    var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
