/// LayerNorm and its affine sibling over the rows of a matrix, in place.
package enum Normalization {
    /// x <- (x + shift - mean) / sqrt(variance + epsilon) * weight + bias over each row, with the biased variance, as
    /// PyTorch's `nn.LayerNorm`; mean and variance are taken in double precision.
    ///
    /// - Precondition: the region's rows begin on vector boundaries; each vector has one value for each column.
    package static func layerNorm(
        _ region: MatrixRegion,
        of buffer: inout AlignedBuffer,
        shift: PaddedVector,
        weight: PaddedVector,
        bias: PaddedVector,
        epsilon: Double
    ) {
        precondition(region.isVectorAligned, "\(region) does not begin on vector boundaries")
        precondition(
            shift.count == region.columns && weight.count == region.columns && bias.count == region.columns,
            "LayerNorm's vectors need \(region.columns) values each"
        )
        let width = Double(region.columns)
        let wholeVectors = region.columns / AlignedBuffer.vectorWidth
        // Lanes of a last, partly filled vector that belong to the row.
        let lanes = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        let outside = lanes .>= Int32(region.columns % AlignedBuffer.vectorWidth)
        buffer.withMutableVectors { vectors in
            for row in 0..<region.rows {
                let range = region.vectors(ofRow: row)
                var sums = SIMD16<Double>.zero
                for (column, index) in range.enumerated() {
                    let vector = vectors[index] + shift.vectors[column]
                    vectors[index] = vector
                    sums += SIMD16<Double>(column < wholeVectors ? vector : vector.replacing(with: 0, where: outside))
                }
                let mean = sums.sum() / width
                var squares = SIMD16<Double>.zero
                for (column, index) in range.enumerated() {
                    let centred = vectors[index] - Float(mean)
                    let wide = SIMD16<Double>(
                        column < wholeVectors ? centred : centred.replacing(with: 0, where: outside)
                    )
                    squares += wide * wide
                }
                let scale = Float(1 / (squares.sum() / width + epsilon).squareRoot())
                for (column, index) in range.enumerated() {
                    vectors[index] =
                        (vectors[index] - Float(mean)) * scale * weight.vectors[column]
                        + bias.vectors[column]
                }
            }
        }
    }

    /// x <- x * scale + shift over each row: transformers' `NoNorm` where it could not be folded away.
    ///
    /// - Precondition: the region's rows begin on vector boundaries; each vector has one value for each column.
    package static func affine(
        _ region: MatrixRegion,
        of buffer: inout AlignedBuffer,
        scale: PaddedVector,
        shift: PaddedVector
    ) {
        precondition(region.isVectorAligned, "\(region) does not begin on vector boundaries")
        precondition(
            scale.count == region.columns && shift.count == region.columns,
            "NoNorm's vectors need \(region.columns) values each"
        )
        buffer.withMutableVectors { vectors in
            for row in 0..<region.rows {
                for (column, index) in region.vectors(ofRow: row).enumerated() {
                    vectors[index] = vectors[index] * scale.vectors[column] + shift.vectors[column]
                }
            }
        }
    }
}
