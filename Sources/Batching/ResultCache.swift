/// The results that are kept for sequences that come again, up to a limit of bytes. The least recently used result is
/// removed first.
struct ResultCache<Key: Hashable & Sendable, Value: Sendable> {
    private struct Node {
        let key: Key
        let value: Value
        let bytes: Int
        var newer: Int?
        var older: Int?
    }

    private let limit: Int
    private var places: [Key: Int] = [:]
    /// A list from the most to the least recently used result; free places are used again.
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var newest: Int?
    private var oldest: Int?

    /// The memory of the kept results.
    private(set) var bytes = 0
    private(set) var hits = 0
    private(set) var misses = 0
    private(set) var evictions = 0

    /// - Parameter limit: the most bytes; 0 keeps nothing.
    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { places.count }

    /// The result of a sequence if it is kept; the result then counts as used.
    mutating func value(for key: Key) -> Value? {
        guard limit > 0 else { return nil }
        guard let place = places[key], let node = nodes[place] else {
            misses += 1
            return nil
        }
        hits += 1
        unlink(place)
        link(place)
        return node.value
    }

    /// Keeps a result, unless it alone is larger than the limit.
    mutating func keep(_ value: Value, for key: Key, bytes size: Int) {
        guard size <= limit, places[key] == nil else { return }
        while bytes + size > limit, let victim = oldest {
            remove(victim)
            evictions += 1
        }
        let node = Node(key: key, value: value, bytes: size)
        let place = free.popLast() ?? nodes.count
        if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
        places[key] = place
        bytes += size
        link(place)
    }

    private mutating func remove(_ place: Int) {
        guard let node = nodes[place] else { return }
        unlink(place)
        places[node.key] = nil
        nodes[place] = nil
        free.append(place)
        bytes -= node.bytes
    }

    /// Puts a node that is not in the list before all others.
    private mutating func link(_ place: Int) {
        nodes[place]?.older = newest
        nodes[place]?.newer = nil
        if let newest { nodes[newest]?.newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place]?.newer, nodes[place]?.older)
        if let newer { nodes[newer]?.older = older } else { newest = older }
        if let older { nodes[older]?.newer = newer } else { oldest = newer }
    }
}
