import Dispatch
import Synchronization

/// Gives freed memory back to the system now and then, until it is cancelled.
///
/// glibc returns only what is free at the end of an arena. Requests of many sizes on many threads leave a few blocks
/// everywhere that live on, and resident memory would creep up over millions of requests, or stay where a crowd of
/// connections that have gone left it.
final class HeapTrimming: Sendable {
    /// Seldom enough to cost nothing (a millisecond, and page faults for what is needed again), and often enough that
    /// who watches the memory sees what is in use.
    private static let interval = DispatchTimeInterval.seconds(5)

    /// Kept alive here, and cancelled in the end.
    private let timer = Mutex<(any DispatchSourceTimer)?>(nil)

    init() {
        timer.withLock { timer in
            let source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "swiftlet.heap"))
            source.schedule(deadline: .now() + Self.interval, repeating: Self.interval, leeway: .seconds(1))
            source.setEventHandler { HeapMemory.giveBack() }
            source.activate()
            timer = source
        }
    }

    func cancel() { timer.withLock { $0?.cancel() } }
}
