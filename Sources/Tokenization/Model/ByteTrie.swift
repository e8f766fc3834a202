/// A set of byte strings with an id each, which finds the longest one that a text continues with.
///
/// The edges of the trie are one open-addressed hash table from (node, byte) to node. A step is one probe, mostly of
/// one cache line. The trie is built by insertions alone. A search allocates nothing.
struct ByteTrie: Sendable {
    /// The most nodes, so that (node, byte) is a key of 32 bits.
    static let maximumNodes = 1 << 24

    /// The edges. The high half of an edge is its key (node and byte); the low half is the node to which it leads, and
    /// whether an entry ends there.
    private var edges: [UInt64]
    private var edgeCount = 0
    /// 64 minus the logarithm of the number of edge slots. A shift by it leaves the hash's best bits.
    private var shift: UInt64
    /// The id of the entry that ends at each node; -1 if none does. There is no node 0.
    private var entryIDs: [Int32] = [-1, -1]

    /// The flag of an edge to a node where an entry ends.
    private static let endsEntry: UInt64 = 1 << 31
    private static let nodeMask: UInt64 = 0x00FF_FFFF
    /// The node from which every search starts.
    private static let root: UInt64 = 1
    /// The value of an unused slot. Neither it nor its high half is that of any edge, because there is no node 0.
    private static let empty: UInt64 = 0

    init() {
        edges = Array(repeating: Self.empty, count: 1 << 8)
        shift = 64 - 8
    }

    /// Whether the trie has no entry.
    var isEmpty: Bool { edgeCount == 0 }

    /// Adds an entry. An entry that is there already keeps its id. An empty entry is not added.
    ///
    /// - Returns: False when the trie is full.
    mutating func insert(_ entry: some Collection<UInt8>, id: Int32) -> Bool {
        guard !entry.isEmpty else { return true }
        guard entryIDs.count + entry.count < Self.maximumNodes else { return false }
        var node = Self.root
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

    /// Finds the longest entry with which `bytes[start..<end]` begins, after `folding` has replaced each byte.
    ///
    /// - Returns: The end and the id of the entry; nil when the text begins with no entry.
    @inline(__always)
    func longestPrefix(
        of bytes: Span<UInt8>,
        from start: Int,
        to end: Int,
        folding: Span<UInt8>
    ) -> (end: Int, id: Int32)? {
        var node = Self.root
        var lastNode = Self.root
        var lastEnd = start
        var position = start
        let edges = edges.span
        let mask = edges.count &- 1
        while position < end {
            let key = node << 8 | UInt64(folding[Int(bytes[position])])
            var slot = hash(key)
            var edge = edges[slot]
            while edge >> 32 != key {
                if edge == Self.empty { return lastEnd == start ? nil : (lastEnd, entryIDs[Int(lastNode)]) }
                slot = (slot &+ 1) & mask
                edge = edges[slot]
            }
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
        var node = Self.root
        for byte in entry {
            let slot = findSlot(node << 8 | UInt64(byte))
            guard edges[slot] != Self.empty else { return nil }
            node = edges[slot] & Self.nodeMask
        }
        let id = entryIDs[Int(node)]
        return id < 0 ? nil : id
    }

    /// Multiplicative hashing: the bits of the golden ratio spread the key, and the highest bits are mixed best.
    @inline(__always)
    private func hash(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// The slot of an edge, or the unused slot where it belongs.
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
