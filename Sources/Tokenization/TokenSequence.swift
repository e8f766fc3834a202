/// The tokens of one text, before truncation and special tokens.
struct TokenSequence {
    /// Token ids.
    var ids: [Int32] = []
    /// Where each comes from.
    var offsets: [Range<Int32>] = []

    var count: Int { ids.count }

    mutating func reserveCapacity(_ count: Int) {
        ids.reserveCapacity(count)
        offsets.reserveCapacity(count)
    }

    @inline(__always)
    mutating func append(_ id: Int32, from start: Int, to end: Int) {
        ids.append(id)
        offsets.append(Int32(truncatingIfNeeded: start)..<Int32(truncatingIfNeeded: end))
    }

    /// Takes away all tokens from the `count`th on.
    mutating func truncate(to count: Int) {
        ids.removeSubrange(count...)
        offsets.removeSubrange(count...)
    }
}
