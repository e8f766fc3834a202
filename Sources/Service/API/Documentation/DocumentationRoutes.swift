import HTTPProtocol
import HTTPTypes
import Inference
import Synchronization

/// The routes with which the service describes itself, to programs and to people.
enum DocumentationRoutes {
    static let all: [Route] = [
        .get("/openapi.json", "/api-doc/openapi.json", errors: .tei) { _, context in
            .json(try document(of: context.inference))
        } isCostly: { context in
            context.snapshot.inference.map { kept(of: $0) == nil } ?? false
        },
        .get("/docs", errors: .tei) { _, _ in
            var response = Response.json(PackageResources.docs_html)
            response.head.headerFields[.contentType] = "text/html; charset=utf-8"
            response.head.headerFields[.contentSecurityPolicy] = "default-src 'self'; \(inline)"
            return response
        },
    ]

    /// The page's content security policy: its style and script are in the page itself.
    private static let inline = "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'"

    /// The last document that was made. It does not change as long as its model is served.
    private struct Made {
        weak var inference: InferenceService?
        var bytes: [UInt8]
    }

    private static let made = Mutex<Made?>(nil)
    /// The lock that is held while a document is made, so that it is made only once. The event loop never takes this
    /// lock.
    private static let making = Mutex(())

    /// The document of a model, if the document has been made.
    private static func kept(of inference: InferenceService) -> [UInt8]? {
        made.withLock { made in made.flatMap { $0.inference === inference ? $0.bytes : nil } }
    }

    private static func document(of inference: InferenceService) throws -> [UInt8] {
        if let bytes = kept(of: inference) { return bytes }
        return try making.withLock { _ in
            if let bytes = kept(of: inference) { return bytes }
            let bytes = try OpenAPIDocument(inference).bytes(of: .service)
            made.withLock { $0 = Made(inference: inference, bytes: bytes) }
            return bytes
        }
    }
}

extension HTTPField.Name {
    fileprivate static let contentSecurityPolicy = Self.make("Content-Security-Policy")
}
