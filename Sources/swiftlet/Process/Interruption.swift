import Dispatch
import Foundation

/// Ends a command on Ctrl-C and SIGTERM with the status that a shell gives for it.
///
/// The signals' own effect would do in a shell, but not for process 1 of a container, where the kernel ignores it.
struct Interruption {
    private let sources: [any DispatchSourceSignal]

    /// Watches from now on, as long as the value lives.
    ///
    /// - Parameter cleanUp: called before the end.
    init(cleanUp: @escaping @Sendable () -> Void = {}) {
        sources = [(SIGINT, ExitStatus.interrupted), (SIGTERM, .terminated)].map { number, status in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                cleanUp()
                ProcessEnd.now(status)
            }
            source.activate()
            return source
        }
    }
}
