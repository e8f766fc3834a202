/// Normalized UTF-8, and for each of its bytes the range of the original text that it comes from.
struct NormalizedText {
    /// The normalized text.
    private(set) var bytes: [UInt8] = []
    /// Where in the original text the scalar of each byte begins.
    private(set) var starts: [Int32] = []
    /// Where in the original text the scalar of each byte ends.
    private(set) var ends: [Int32] = []

    /// Empties the text, keeping its memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Appends a scalar that comes from `origin`.
    @inline(__always)
    mutating func append(_ scalar: UInt32, from origin: Range<Int32>) {
        UTF8Bytes.encode(scalar) { byte in
            bytes.append(byte)
            starts.append(origin.lowerBound)
            ends.append(origin.upperBound)
        }
    }

    /// The range of the original text that a range of the normalized one, not empty, comes from.
    func original(_ range: Range<Int32>) -> Range<Int32> {
        let start = starts[Int(range.lowerBound)]
        return start..<max(start, ends[Int(range.upperBound) - 1])
    }
}
