import Foundation
import HTTPProtocol
import HTTPTypes
import TLS

/// A page for people: HTML with its styles and scripts inside, so that it loads nothing else.
///
/// The page's content security policy names its styles and scripts by their hashes. So the browser runs no others, and
/// asks only the service that has sent the page.
struct Page: Sendable {
    /// The answer to a request for the page.
    let response: Response

    /// - Parameters:
    ///   - html: the page, with `/* styles */` and `/* scripts */` in the places of the other parts.
    ///   - styles: style sheets, in order.
    ///   - scripts: scripts, in order; together they are one module.
    /// - Throws: 500 if the hashes cannot be computed.
    init(_ html: [UInt8], styles: [[UInt8]], scripts: [[UInt8]]) throws(ServiceError) {
        let newline = [UInt8(ascii: "\n")]
        let style = Array(styles.joined(separator: newline))
        let script = Array(scripts.joined(separator: newline))
        let page = html.replacing(Array("/* styles */".utf8), with: style)
            .replacing(Array("/* scripts */".utf8), with: script)
        var response = Response.json(page)
        response.head.headerFields[.contentType] = "text/html; charset=utf-8"
        response.head.headerFields[.contentSecurityPolicy] = """
            default-src 'none'; connect-src 'self'; img-src data:; style-src \(try Self.source(style)); \
            script-src \(try Self.source(script)); base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
        response.head.headerFields[.xContentTypeOptions] = "nosniff"
        response.head.headerFields[.referrerPolicy] = "no-referrer"
        // The next version of the program has another page.
        response.head.headerFields[.cacheControl] = "no-cache"
        response.head.headerFields.addVary("Accept")
        self.response = response
    }

    /// The source expression that allows one inline element (Content Security Policy Level 3, section 2.3.1).
    private static func source(_ content: [UInt8]) throws(ServiceError) -> String {
        guard let hash = ContentHash.of(content, .sha256) else {
            throw ServiceError(500, .backend, "the page cannot be sent: OpenSSL's SHA-256 fails")
        }
        return "'sha256-\(Data(hash).base64EncodedString())'"
    }
}

/// The page on which people try what the model can do.
enum PlaygroundRoutes {
    static let all: [Route] = [
        .page("/playground", RoutePath("/", ifFields: isForPeople)) { try page.get().response }
    ]

    private static let page = Result {
        try Page(
            PackageResources.playground_html,
            styles: [PackageResources.page_css, PackageResources.playground_css],
            scripts: [
                PackageResources.dom_js, PackageResources.service_js, PackageResources.programs_js,
                PackageResources.parts_js, PackageResources.vectors_js, PackageResources.panel_js,
                PackageResources.classify_js, PackageResources.spans_js, PackageResources.judgements_js,
                PackageResources.similarity_js, PackageResources.playground_js,
            ]
        )
    }

    /// Whether a request comes from a browser that opens an address: it prefers HTML to JSON. Programs that accept
    /// anything get JSON.
    private static func isForPeople(_ fields: HTTPFields) -> Bool {
        Accept.preferred(among: ["application/json", "text/html"], by: fields[.accept]) == "text/html"
    }
}

extension HTTPField.Name {
    fileprivate static let contentSecurityPolicy = Self.make("Content-Security-Policy")
    fileprivate static let referrerPolicy = Self.make("Referrer-Policy")
}
