import HTTPServer
import Synchronization

/// Where the service stands, for whoever asks from any thread; guarded by its own lock.
final class ServiceState: Sendable {
    struct Snapshot: Sendable {
        /// Nil until the model is loaded and has answered once.
        var inference: InferenceService?
        var watch: EngineWatch?
        var server: HTTPServer?
        var isDraining = false
    }

    private let current = Mutex(Snapshot())

    var snapshot: Snapshot { current.withLock { $0 } }

    func update(_ change: (inout Snapshot) -> Void) {
        current.withLock { change(&$0) }
    }
}

extension ServiceState.Snapshot {
    var engineAnswers: Bool { watch?.engineAnswers ?? false }

    /// Whether new requests are welcome.
    var isReady: Bool { !isDraining && engineAnswers }

    /// Why not, for whoever reads a probe's answer.
    var notReadyReason: String {
        if isDraining { return "draining: the service is shutting down" }
        if inference == nil { return "loading: the model is not ready yet" }
        return "the engine does not answer"
    }
}
