import HTTPServer
import HTTPTypes
import Synchronization

/// What the service says of itself: to programs, and to people.
enum DocumentationRoutes {
    static let all: [Route] = [
        .get("/openapi.json", "/api-doc/openapi.json", errors: .tei) { _, context in
            .json(try document(of: context.inference))
        },
        .get("/docs", errors: .tei) { _, _ in
            var response = Response.json(PackageResources.docs_html)
            response.head.headerFields[.contentType] = "text/html; charset=utf-8"
            response.head.headerFields[.contentSecurityPolicy] = "default-src 'self'; \(inline)"
            return response
        },
    ]

    /// The page's style and script are in it.
    private static let inline = "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'"

    /// The last document made. It is the same for as long as its model is served.
    private struct Made {
        weak var inference: InferenceService?
        var bytes: [UInt8]
    }

    private static let made = Mutex<Made?>(nil)

    private static func document(of inference: InferenceService) throws -> [UInt8] {
        try made.withLock { made in
            if let made, made.inference === inference { return made.bytes }
            let bytes = try OpenAPIDocument(inference).bytes(of: .service)
            made = Made(inference: inference, bytes: bytes)
            return bytes
        }
    }
}

extension HTTPField.Name {
    fileprivate static let contentSecurityPolicy = Self.make("Content-Security-Policy")
}
