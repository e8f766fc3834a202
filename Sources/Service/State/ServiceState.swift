import Budget
import HTTPProtocol
import HTTPServer
import Inference
import Synchronization

/// The service's state, which any thread may read. Its own lock guards it.
final class ServiceState: Sendable {
    struct Snapshot: Sendable {
        /// The inference with the model; nil until the model is loaded and has answered once.
        var inference: InferenceService?
        var watch: EngineWatch?
        var server: HTTPServer?
        var log: LogWriter?
        /// The memory that requests hold together; nil where nothing counts it.
        var memory: MemoryBudget?
        var isDraining = false
    }

    private let current = Mutex(Snapshot())

    var snapshot: Snapshot { current.withLock { $0 } }

    func update(_ change: (inout Snapshot) -> Void) {
        current.withLock { change(&$0) }
    }
}

extension ServiceState.Snapshot {
    /// Whether there is a model. Once loaded, a model stays.
    var isStarted: Bool { inference != nil }

    var engineAnswers: Bool { watch?.health.isAnswering ?? false }

    /// Whether the service takes new requests.
    var isReady: Bool { !isDraining && engineAnswers }

    /// False if only a restart helps. While the model is being loaded, it is always true.
    var isLive: Bool { watch.map { !$0.health.isRestartNeeded } ?? true }

    /// The reason why the service is not ready, for the reader of a probe's answer.
    var notReadyReason: String {
        if isDraining { return "draining: the service is shutting down" }
        if !isStarted { return "loading: the model is not ready yet" }
        return watch?.health.complaint ?? "the engine does not answer"
    }
}
