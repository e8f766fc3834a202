/// A set of byte strings with an id each, for finding the longest one that a text goes on with.
///
/// The edges of the trie are one open-addressed hash table from (node, byte) to node: a step is one probe, mostly of
/// one cache line, and building it needs no more than inserting. Nothing is allocated by a search.
struct ByteTrie: Sendable {
    /// The most nodes: (node, byte) is a key of 32 bits.
    static let maximumNodes = 1 << 24

    /// An edge: key (node and byte) in the high half; node led to, and whether an entry ends there, in the low half.
    private var edges: [UInt64]
    private var edgeCount = 0
    /// 64 minus the logarithm of the number of edge slots: leaves the hash's best bits.
    private var shift: UInt64
    /// The id of the entry that ends at each node; -1 where none does.
    private var entryIDs: [Int32] = [-1]

    /// Marks an edge that leads to a node where an entry ends.
    private static let endsEntry: UInt64 = 1 << 31
    private static let nodeMask: UInt64 = 0x00FF_FFFF
    /// An unused slot: node 0 is never led to.
    private static let empty: UInt64 = 0

    init() {
        edges = Array(repeating: Self.empty, count: 1 << 8)
        shift = 64 - 8
    }

    /// Whether the trie has no entry.
    var isEmpty: Bool { edgeCount == 0 }

    /// Adds an entry. One that is there already keeps its id; an empty one is not added.
    ///
    /// - Returns: false when the trie is full.
    mutating func insert(_ entry: some Collection<UInt8>, id: Int32) -> Bool {
        guard !entry.isEmpty else { return true }
        guard entryIDs.count + entry.count < Self.maximumNodes else { return false }
        var node: UInt64 = 0
        var slot = 0
        for byte in entry {
            if edgeCount * 2 >= edges.count { grow() }
            slot = findSlot(node << 8 | UInt64(byte))
            if edges[slot] == Self.empty {
                edges[slot] = (node << 8 | UInt64(byte)) << 32 | UInt64(entryIDs.count)
                entryIDs.append(-1)
                edgeCount += 1
            }
            node = edges[slot] & Self.nodeMask
        }
        if entryIDs[Int(node)] < 0 { entryIDs[Int(node)] = id }
        edges[slot] |= Self.endsEntry
        return true
    }

    /// The longest entry that `bytes[start..<end]` begins with, each byte first replaced by what `folding` has for it.
    ///
    /// - Returns: where the entry ends, and its id; nil when the text begins with none.
    @inline(__always)
    func longestPrefix(
        of bytes: Span<UInt8>,
        from start: Int,
        to end: Int,
        folding: Span<UInt8>
    ) -> (end: Int, id: Int32)? {
        var node: UInt64 = 0
        var lastNode: UInt64 = 0
        var lastEnd = start
        var position = start
        let edges = edges.span
        let mask = edges.count &- 1
        while position < end {
            let key = node << 8 | UInt64(folding[Int(bytes[position])])
            var slot = hash(key)
            while edges[slot] >> 32 != key || edges[slot] == Self.empty {
                if edges[slot] == Self.empty {
                    return lastEnd == start ? nil : (lastEnd, entryIDs[Int(lastNode)])
                }
                slot = (slot &+ 1) & mask
            }
            let edge = edges[slot]
            node = edge & Self.nodeMask
            position += 1
            if edge & Self.endsEntry != 0 {
                lastNode = node
                lastEnd = position
            }
        }
        return lastEnd == start ? nil : (lastEnd, entryIDs[Int(lastNode)])
    }

    /// The id of an entry.
    func id(of entry: [UInt8]) -> Int32? {
        var node: UInt64 = 0
        for byte in entry {
            let slot = findSlot(node << 8 | UInt64(byte))
            guard edges[slot] != Self.empty else { return nil }
            node = edges[slot] & Self.nodeMask
        }
        let id = entryIDs[Int(node)]
        return id < 0 ? nil : id
    }

    /// Multiplicative hashing: the golden ratio's bits spread the key, and the highest are the best mixed.
    @inline(__always)
    private func hash(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// The slot that holds an edge, or the unused one where it belongs.
    private func findSlot(_ key: UInt64) -> Int {
        var slot = hash(key)
        while edges[slot] != Self.empty && edges[slot] >> 32 != key { slot = (slot + 1) & (edges.count - 1) }
        return slot
    }

    private mutating func grow() {
        let old = edges
        edges = Array(repeating: Self.empty, count: old.count * 2)
        shift -= 1
        for edge in old where edge != Self.empty { edges[findSlot(edge >> 32)] = edge }
    }
}
