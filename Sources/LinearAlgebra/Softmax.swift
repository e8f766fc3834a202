/// Softmax over the rows of a matrix, in place.
package enum Softmax {
    /// x <- e^(x - max) / sum of e^(x - max), row by row; the sum is taken in double precision.
    ///
    /// A row that holds NaN or +infinity becomes NaN, so that the fault shows in the result.
    ///
    /// - Precondition: the region's rows begin on vector boundaries and their padding may be overwritten.
    package static func apply(to region: MatrixRegion, of buffer: inout AlignedBuffer) {
        precondition(region.isVectorAligned, "\(region) does not begin on vector boundaries")
        guard region.columns > 0 else { return }
        let padding = region.columns..<AlignedBuffer.roundedUp(region.columns)
        if !padding.isEmpty {
            buffer.withMutableSpan { values in
                for row in 0..<region.rows {
                    let start = region.offset + row * region.stride
                    for column in padding { values[start + column] = -.infinity }
                }
            }
        }
        buffer.withMutableVectors { vectors in
            for row in 0..<region.rows {
                normalise(&vectors, region.vectors(ofRow: row))
            }
        }
    }

    @inline(__always)
    private static func normalise(_ vectors: inout MutableSpan<FloatVector>, _ range: Range<Int>) {
        var largest = vectors[range.lowerBound]
        for index in range {
            let vector = vectors[index]
            largest = largest.replacing(with: vector, where: vector .> largest)
        }
        let maximum = largest.max()
        var sums = FloatVector.zero
        for index in range {
            let exponential = VectorMath.exp(vectors[index] - maximum)
            vectors[index] = exponential
            sums += exponential
        }
        var sum = 0.0
        for lane in 0..<FloatVector.scalarCount { sum += Double(sums[lane]) }
        let scale = Float(1 / sum)
        for index in range { vectors[index] *= scale }
    }
}
