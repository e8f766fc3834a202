import Time

/// At most one deadline for each of many keys. It is fast at moving deadlines, because they move far more often than
/// they pass.
///
/// To move a deadline later costs one store: its place in the heap stays too early and is corrected when it reaches the
/// top. To move a deadline earlier, the heap sifts it up. So a busy connection, whose deadline moves with every read,
/// touches the heap only once in each timeout's length.
struct DeadlineQueue {
    /// The state of one key.
    private struct Entry {
        /// When to fire, nil for never.
        var wanted: Instant?
        /// The time the heap sorts by, at or before `wanted`.
        var armed: Instant
        /// The key's place in the heap, or -1.
        var position = -1
    }

    private var entries: [Entry] = []
    private var heap: [Int] = []

    /// The latest time at which `popPassed(at:)` must be called again; nil if the heap is empty. O(1).
    var nextLook: Instant? {
        heap.first.map { entries[$0].armed }
    }

    /// The number of keys that have a place in the heap.
    var count: Int { heap.count }

    /// Sets or clears (nil) a key's deadline. O(1) when it moves later, O(log n) when it moves earlier.
    mutating func set(_ deadline: Instant?, for key: Int) {
        guard let deadline else {
            if key < entries.count { entries[key].wanted = nil }
            return
        }
        while entries.count <= key { entries.append(Entry(wanted: nil, armed: deadline)) }
        entries[key].wanted = deadline
        if entries[key].position < 0 {
            entries[key].armed = deadline
            entries[key].position = heap.count
            heap.append(key)
            siftUp(from: heap.count - 1)
        } else if deadline < entries[key].armed {
            entries[key].armed = deadline
            siftUp(from: entries[key].position)
        }
    }

    /// Forgets a key, so that another owner can use it. O(log n).
    mutating func remove(_ key: Int) {
        guard key < entries.count else { return }
        entries[key].wanted = nil
        let position = entries[key].position
        guard position >= 0 else { return }
        entries[key].position = -1
        let last = heap.removeLast()
        guard last != key else { return }
        place(last, at: position)
        siftUp(from: position)
        siftDown(from: entries[last].position)
    }

    /// Returns the next key whose deadline has passed and clears that deadline; nil when there is none.
    mutating func popPassed(at now: Instant) -> Int? {
        while let key = heap.first, entries[key].armed <= now {
            guard let wanted = entries[key].wanted else {
                remove(key)
                continue
            }
            if wanted == entries[key].armed {
                remove(key)
                return key
            }
            // The deadline moved later. It is put back into the heap even if it has passed too, so that keys come in
            // order.
            entries[key].armed = wanted
            siftDown(from: 0)
        }
        return nil
    }

    private mutating func place(_ key: Int, at position: Int) {
        heap[position] = key
        entries[key].position = position
    }

    private mutating func siftUp(from start: Int) {
        var position = start
        let key = heap[position]
        while position > 0 {
            let parent = (position - 1) / 2
            guard entries[key].armed < entries[heap[parent]].armed else { break }
            place(heap[parent], at: position)
            position = parent
        }
        place(key, at: position)
    }

    private mutating func siftDown(from start: Int) {
        var position = start
        let key = heap[position]
        while true {
            var child = 2 * position + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, entries[heap[child + 1]].armed < entries[heap[child]].armed { child += 1 }
            guard entries[heap[child]].armed < entries[key].armed else { break }
            place(heap[child], at: position)
            position = child
        }
        place(key, at: position)
    }
}
