import Dispatch
import Foundation
import Synchronization

/// Hears SIGHUP, by which operators have files read anew.
final class ReloadSignal: Sendable {
    /// Kept alive here, and cancelled in the end.
    private let source = Mutex<(any DispatchSourceSignal)?>(nil)

    init(_ reload: @escaping @Sendable () -> Void) {
        // The default action would end the process before Dispatch hears of the signal.
        signal(SIGHUP, SIG_IGN)
        source.withLock { source in
            // A queue of its own: two signals must not read the files at the same time.
            let queue = DispatchQueue(label: "swiftlet.reload")
            let signals = DispatchSource.makeSignalSource(signal: SIGHUP, queue: queue)
            signals.setEventHandler(handler: reload)
            signals.activate()
            source = signals
        }
    }

    func cancel() {
        source.withLock { $0?.cancel() }
    }
}
