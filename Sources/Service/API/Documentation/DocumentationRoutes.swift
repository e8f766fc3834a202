import HTTPProtocol
import Inference
import Synchronization

/// The routes with which the service describes itself, to programs and to people.
enum DocumentationRoutes {
    static let all: [Route] = [
        .get("/openapi.json", "/api-doc/openapi.json", errors: .tei) { _, context in
            .json(try document(of: context.inference, context.table))
        } isCostly: { context in
            context.snapshot.inference.map { kept(of: $0) == nil } ?? false
        },
        .page("/docs") { try page.get().response },
    ]

    private static let page = Result {
        try Page(
            PackageResources.docs_html,
            styles: [PackageResources.page_css, PackageResources.docs_css],
            scripts: [
                PackageResources.dom_js, PackageResources.service_js, PackageResources.programs_js,
                PackageResources.docs_js,
            ]
        )
    }

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

    private static func document(of inference: InferenceService, _ table: RouteTable) throws -> [UInt8] {
        if let bytes = kept(of: inference) { return bytes }
        return try making.withLock { _ in
            if let bytes = kept(of: inference) { return bytes }
            let bytes = try OpenAPIDocument(inference).bytes(of: table)
            made.withLock { $0 = Made(inference: inference, bytes: bytes) }
            return bytes
        }
    }
}
