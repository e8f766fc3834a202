import Batching
import Budget
import Encoder
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Host
import Inference
import JSON

/// The routes for orchestrators and operators. None of them waits behind work. Each probe also has the paths that
/// comparable servers, KServe and Kubernetes' own components use for it.
enum StatusRoutes {
    static let all: [Route] = [
        .get("/health/startup", "/startupz", errors: .tei) { _, context in
            guard context.snapshot.isStarted else { throw unhealthy(context.snapshot.notReadyReason) }
            return ok
        },
        .get(
            "/health/ready",
            "/health",
            "/healthz",
            "/readyz",
            "/ping",
            "/",
            "/v2/health/ready",
            errors: .tei
        ) { _, context in
            guard context.snapshot.isReady else { throw unhealthy(context.snapshot.notReadyReason) }
            return ready
        },
        .get("/health/live", "/livez", "/v2/health/live", errors: .tei) { _, context in
            guard context.snapshot.isLive else { throw unhealthy("a restart is needed") }
            return live
        },
        .get("/metrics", errors: .tei) { _, context in
            var response = Response.json(context.metrics.text(MetricsSources(context.snapshot)))
            response.head.headerFields[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        },
    ]

    private static let ok = Response.json(Array(#"{"status":"ok"}"#.utf8))
    /// The 200 answer of /health/ready. KServe's client reads a 200 without the member `ready` as "not ready".
    private static let ready = Response.json(Array(#"{"status":"ok","ready":true}"#.utf8))
    /// The 200 answer of /health/live. KServe's client reads a 200 without the member `live` as "not live".
    private static let live = Response.json(Array(#"{"status":"ok","live":true}"#.utf8))

    static func unhealthy(_ reason: String) -> ServiceError {
        ServiceError(503, .unhealthy, reason, retryAfter: ServiceError.retryAfterLoading)
    }
}

extension MetricsSources {
    init(_ snapshot: ServiceState.Snapshot) {
        self.init(
            scheduler: snapshot.inference?.statistics ?? .init(),
            tokenVectorsHeld: snapshot.inference?.tokenVectors.inUse ?? 0,
            server: snapshot.server?.statistics ?? .init(),
            memory: snapshot.memory ?? MemoryBudget(limit: 0),
            process: .current(),
            isStarted: snapshot.isStarted,
            isReady: snapshot.isReady,
            isLive: snapshot.isLive,
            engineAnswers: snapshot.engineAnswers,
            logLinesDropped: snapshot.log?.droppedLines ?? 0,
            workers: snapshot.inference?.configuration.workers ?? 0,
            modelName: snapshot.inference?.model.name ?? "",
            engine: snapshot.inference?.model.encoder.engine,
            version: SwiftletVersion.current
        )
    }
}
