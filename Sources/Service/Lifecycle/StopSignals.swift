import Dispatch
import Foundation
import Synchronization

/// Hears SIGTERM and SIGINT. The first asks for an orderly end. A second SIGINT, from somebody who presses Ctrl-C
/// twice, ends the process at once; a repeated SIGTERM does not: supervisors send it twice, and have SIGKILL besides.
final class StopSignals: Sendable {
    /// Kept alive here, and cancelled in the end.
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    /// - Parameter onFirst: told the first signal's name.
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
                        // The convention of shells: 128 and the signal's number. Without exit handlers, which would
                        // take memory away under the engine's threads.
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
