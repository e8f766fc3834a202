/// A read-only vector of floats (a bias, a scale) in whole ``FloatVector``s, zeros behind its end.
package final class PaddedVector: Sendable {
    /// The number of floats given, without the padding.
    package let count: Int
    private let storage: AlignedBuffer

    /// The given floats in their order.
    package init(_ values: [Float]) {
        count = values.count
        var storage = AlignedBuffer(minimumCount: values.count)
        storage.withMutableSpan { stored in
            for index in values.indices { stored[index] = values[index] }
        }
        self.storage = storage
    }

    /// Gives `body` the vectors that hold it.
    @inline(__always)
    func withVectors<Result>(_ body: (Span<FloatVector>) -> Result) -> Result { storage.withVectors(body) }

    /// The first float's address, for one C call; it lives as long as this vector.
    @unsafe
    var address: UnsafePointer<Float>? {
        let region = MatrixRegion(rows: 1, columns: count)
        return unsafe UnsafePointer(storage.address(of: region))
    }
}
