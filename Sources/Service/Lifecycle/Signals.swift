import Dispatch
import Foundation
import Synchronization

/// Handles SIGTERM and SIGINT. The first signal asks for an orderly end. A second SIGINT, from a user who presses
/// Ctrl-C twice, ends the process at once. A second SIGTERM does not, because some supervisors send it twice, and they
/// have SIGKILL too.
final class StopSignals: Sendable {
    /// The sources, which are kept alive here and cancelled at the end.
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    /// - Parameter onFirst: called with the first signal's name.
    init(onFirst: @escaping @Sendable (String) -> Void) {
        let count = Count()
        let queue = DispatchQueue(label: "swiftlet.signals")
        for number in [SIGTERM, SIGINT] {
            // The default action would end the process before Dispatch hears of the signal.
            signal(number, SIG_IGN)
            sources.withLock { sources in
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler {
                    if count.increment() == 1 {
                        onFirst(number == SIGTERM ? "SIGTERM" : "SIGINT")
                    } else if number == SIGINT {
                        // The convention of shells: 128 and the signal's number. No exit handlers run, because they
                        // would free memory that the engine's threads still use.
                        _exit(128 + SIGINT)
                    }
                }
                source.activate()
                sources.append(source)
            }
        }
    }

    func cancel() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
        }
    }

    private final class Count: Sendable {
        private let value = Atomic<Int>(0)
        func increment() -> Int { value.add(1, ordering: .relaxed).newValue }
    }
}

/// Handles SIGHUP, with which operators ask the service to read files again.
final class ReloadSignal: Sendable {
    /// The sources, which are kept alive here and cancelled at the end.
    private let source = Mutex<(any DispatchSourceSignal)?>(nil)

    init(_ reload: @escaping @Sendable () -> Void) {
        // The default action would end the process before Dispatch hears of the signal.
        signal(SIGHUP, SIG_IGN)
        source.withLock { source in
            // The queue is serial and its own, so that two signals do not read the files at the same time.
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
