/// Results that are kept for rows that come again, the least recently used given up first. Bounded by bytes.
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
    /// A list from the most to the least recently used; free places are taken again.
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var newest: Int?
    private var oldest: Int?

    /// What the kept results take.
    private(set) var bytes = 0
    private(set) var hits = 0
    private(set) var misses = 0
    private(set) var evictions = 0

    /// - Parameter limit: most bytes; 0 keeps nothing.
    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { places.count }

    /// The result of a row, if it is kept; it counts as used.
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

    /// Keeps a result, unless it is larger than all that may be kept.
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

    /// Puts a node that is in no list before all others.
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
