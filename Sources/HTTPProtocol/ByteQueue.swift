/// Bytes that wait to go out, in the order in which they came in. Pieces are kept as they were handed over, so a
/// large body isn't copied until it is taken. Each byte is copied once: O(bytes) over the queue's life.
struct ByteQueue {
    private var pieces: [[UInt8]] = []
    /// The first piece that isn't taken yet, and how much of it is.
    private var first = 0
    private var offset = 0
    /// Bytes in the queue.
    private(set) var count = 0

    /// Up to this many bytes a piece is joined to the one before it: a status line and its body go out as one.
    private static let joinedBytes = 4 * 1024

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        if let last = pieces.indices.last, last >= first,
            bytes.count <= Self.joinedBytes, pieces[last].count <= Self.joinedBytes
        {
            pieces[last].append(contentsOf: bytes)
        } else {
            pieces.append(bytes)
        }
    }

    /// The next bytes, at most `limit` of them; empty when there are none.
    mutating func take(atMost limit: Int) -> [UInt8] {
        guard limit > 0, count > 0 else { return [] }
        if offset == 0, pieces[first].count == count, count <= limit {
            // The usual case, an answer that fits: it moves out whole.
            let whole = pieces[first]
            removeAll()
            return whole
        }
        var taken: [UInt8] = []
        taken.reserveCapacity(min(limit, count))
        while taken.count < limit, first < pieces.count {
            let end = min(pieces[first].count, offset + limit - taken.count)
            taken.append(contentsOf: pieces[first][offset..<end])
            advance(to: end)
        }
        count -= taken.count
        if count == 0 { removeAll() }
        return taken
    }

    mutating func removeAll() {
        self = ByteQueue()
    }

    private mutating func advance(to end: Int) {
        guard end == pieces[first].count else {
            offset = end
            return
        }
        pieces[first] = []
        first += 1
        offset = 0
        // Taken pieces go once they are half of the array: amortised O(1).
        if first > 32, first * 2 > pieces.count {
            pieces.removeFirst(first)
            first = 0
        }
    }
}
