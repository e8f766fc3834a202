/// Bytes that wait to be written, first in, first out. The queue keeps the pieces as they come, so a large body is not
/// copied until it is taken. Each byte is copied once: O(bytes) over the queue's life.
struct ByteQueue {
    private var pieces: [[UInt8]] = []
    /// The index of the first piece with bytes left, and the number of its bytes that are taken.
    private var first = 0
    private var offset = 0
    /// The number of bytes in the queue.
    private(set) var count = 0

    /// A piece of at most this many bytes is joined to the piece before it if that one is small too, so that a head and
    /// its body are written together.
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
            // The usual case: one answer that fits. It is moved, not copied.
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
        // Taken pieces are removed once they are half of the array: amortised O(1).
        if first > 32, first * 2 > pieces.count {
            pieces.removeFirst(first)
            first = 0
        }
    }
}

extension [UInt8] {
    /// A copy of a span's bytes.
    init(copying bytes: Span<UInt8>) {
        self = []
        append(bytes)
    }

    /// Appends the bytes of a span: one copy.
    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
