/// A read-only vector of floats (a bias, a scale) in whole ``FloatVector``s, zeros behind its end.
package struct PaddedVector: Sendable {
    /// The number of floats given, without the padding.
    package let count: Int
    let vectors: [FloatVector]

    /// The given floats in their order.
    package init(_ values: [Float]) {
        count = values.count
        vectors = stride(from: 0, to: values.count, by: AlignedBuffer.vectorWidth).map { start in
            var vector = FloatVector.zero
            for lane in 0..<min(AlignedBuffer.vectorWidth, values.count - start) {
                vector[lane] = values[start + lane]
            }
            return vector
        }
    }
}
