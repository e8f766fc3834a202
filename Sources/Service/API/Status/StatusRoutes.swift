import Batching
import Encoder
import HTTPServer
import HTTPTypes
import JSON

/// What orchestrators and operators ask. Nothing here waits behind work.
enum StatusRoutes {
    static let all: [Route] = [
        .get("/health", "/", errors: .tei) { _, context in
            guard context.snapshot.engineAnswers else { throw unhealthy(context.snapshot) }
            return ok
        },
        .get("/health/live", errors: .tei) { _, _ in ok },
        .get("/health/ready", errors: .tei) { _, context in
            guard context.snapshot.isReady else { throw unhealthy(context.snapshot) }
            return ok
        },
        .get("/metrics", errors: .tei) { _, context in
            var response = Response.json(context.metrics.text(MetricsSources(context.snapshot)))
            response.head.headerFields[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        },
    ]

    private static let ok = Response.json(Array(#"{"status":"ok"}"#.utf8))

    private static func unhealthy(_ snapshot: ServiceState.Snapshot) -> ServiceError {
        ServiceError(503, .unhealthy, snapshot.notReadyReason, retryAfter: ServiceError.retryAfterLoading)
    }
}

extension MetricsSources {
    init(_ snapshot: ServiceState.Snapshot) {
        self.init(
            scheduler: snapshot.inference?.statistics ?? .init(),
            tokenVectorsHeld: snapshot.inference?.tokenVectors.inUse ?? 0,
            server: snapshot.server?.statistics ?? .init(),
            process: .current(),
            isReady: snapshot.isReady,
            engineAnswers: snapshot.engineAnswers,
            workers: snapshot.inference?.configuration.workers ?? 0,
            modelName: snapshot.inference?.model.name ?? "",
            engine: snapshot.inference?.model.encoder.engine,
            version: SwiftletVersion.current
        )
    }
}
