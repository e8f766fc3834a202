import HeapModule

/// Which request is to be looked at when. An entry stays until its time although its request has been answered;
/// when most are such they are swept out, so that memory follows the requests there are.
struct TimeoutQueue {
    struct Entry: Comparable {
        let time: ContinuousClock.Instant
        let request: UInt64

        static func < (a: Self, b: Self) -> Bool {
            (a.time, a.request) < (b.time, b.request)
        }
    }

    /// Below this many entries a sweep is not worth its time.
    private static let minSweep = 256
    private var heap = Heap<Entry>()

    /// When the next entry is due.
    var next: ContinuousClock.Instant? { heap.min?.time }
    var count: Int { heap.count }

    mutating func add(_ request: UInt64, at time: ContinuousClock.Instant) {
        heap.insert(Entry(time: time, request: request))
    }

    /// Takes out an entry whose time has come; nil when there is none.
    mutating func takeDue(at now: ContinuousClock.Instant) -> Entry? {
        guard let first = heap.min, first.time <= now else { return nil }
        return heap.removeMin()
    }

    /// Drops the entries of requests that are no more, if they are many.
    /// - Parameter liveCount: how many requests there are.
    mutating func sweep(liveCount: Int, isLive: (UInt64) -> Bool) {
        // A live request has up to two entries: the end of its wait to be taken in, and its deadline.
        guard heap.count > Self.minSweep, heap.count > 4 * liveCount else { return }
        heap = Heap(heap.unordered.filter { isLive($0.request) })
    }
}
