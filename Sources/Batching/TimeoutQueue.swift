import Compute
import Dispatch
import HeapModule
import Synchronization
import Time

/// A queue of the times at which requests have to be checked. An entry stays until its time even if its request has
/// been answered. When most entries belong to answered requests, those entries are removed, so that memory stays in
/// proportion to the number of requests.
struct TimeoutQueue {
    struct Entry: Comparable {
        let time: Instant
        let request: UInt64

        static func < (a: Self, b: Self) -> Bool {
            (a.time, a.request) < (b.time, b.request)
        }
    }

    /// Below this many entries a sweep is not worth its time.
    private static let minSweep = 256
    private var heap = Heap<Entry>()

    /// When the next entry is due.
    var next: Instant? { heap.min?.time }
    var count: Int { heap.count }

    mutating func add(_ request: UInt64, at time: Instant) {
        heap.insert(Entry(time: time, request: request))
    }

    /// Removes and returns an entry whose time has come; nil if there is none.
    mutating func takeDue(at now: Instant) -> Entry? {
        guard let first = heap.min, first.time <= now else { return nil }
        return heap.removeMin()
    }

    /// Drops the entries of answered requests, if there are many.
    /// - Parameter liveCount: the number of requests that are not answered yet.
    mutating func sweep(liveCount: Int, isLive: (UInt64) -> Bool) {
        // A live request has up to two entries: the end of its wait for admission, and its deadline.
        guard heap.count > Self.minSweep, heap.count > 4 * liveCount else { return }
        heap = Heap(heap.unordered.filter { isLive($0.request) })
    }
}

/// Calls a function when a time has come. It has its own thread, because an answer that is due must not wait for
/// workers or other requests. The lock guards the time.
final class Alarm: Sendable {
    private struct State {
        var time: Instant?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let change = DispatchSemaphore(value: 0)

    /// Starts the thread, which lives until the alarm is stopped.
    /// - Parameter onTime: called when the time has come; returns the next time, or nil.
    init(name: String, onTime: @escaping @Sendable () -> Instant?) {
        startThread(name) { self.keep(onTime) }
    }

    /// Brings the time forward; a later time is ignored.
    func set(_ time: Instant?) {
        guard let time else { return }
        let isSooner = state.withLock { state in
            if let current = state.time, current <= time { return false }
            state.time = time
            return true
        }
        if isSooner { change.signal() }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        change.signal()
    }

    private func keep(_ onTime: () -> Instant?) {
        while true {
            let (time, isStopped) = state.withLock { ($0.time, $0.isStopped) }
            if isStopped { return }
            guard let time else {
                change.wait()
                continue
            }
            let left = Instant.now.duration(to: time)
            if left > .zero {
                _ = change.wait(timeout: .now() + left.seconds)
                continue
            }
            state.withLock { $0.time = nil }
            set(onTime())
        }
    }
}
