/// What routes answer from.
struct RouteContext: Sendable {
    let snapshot: ServiceState.Snapshot
    let metrics: ServiceMetrics

    /// - Throws: 503 while there is no model yet.
    var inference: InferenceService {
        get throws(ServiceError) {
            guard let inference = snapshot.inference else { throw .loading }
            return inference
        }
    }
}
