/// A row-major matrix inside an ``AlignedBuffer``: where it begins, its shape, and how far apart its rows are.
package struct MatrixRegion: Sendable, Equatable {
    /// Floats before the first element.
    package let offset: Int
    /// The number of rows.
    package let rows: Int
    /// The number of columns.
    package let columns: Int
    /// Floats from one row's beginning to the next one's, at least `columns`.
    package let stride: Int

    /// A matrix of `rows` by `columns` whose first element is `offset` floats into its buffer.
    ///
    /// - Precondition: nothing is negative and `stride` is not below `columns`.
    package init(offset: Int = 0, rows: Int, columns: Int, stride: Int) {
        precondition(offset >= 0 && rows >= 0 && columns >= 0 && stride >= columns, "no matrix has such a shape")
        self.offset = offset
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }

    /// A matrix at its buffer's beginning whose rows begin on vector boundaries.
    package init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, stride: AlignedBuffer.roundedUp(columns))
    }

    /// The index after the last element, from the buffer's beginning.
    package var end: Int { rows == 0 ? offset : offset + (rows - 1) * stride + columns }

    /// Floats that a buffer must hold for this region and the padding behind its last row.
    package var capacity: Int { offset + rows * stride }

    /// Whether the memory from this region's first to its last element shares any with the other's.
    func overlaps(_ other: MatrixRegion) -> Bool {
        offset < other.end && other.offset < end
    }

    /// Some consecutive rows of this matrix.
    package func rows(_ range: Range<Int>) -> MatrixRegion {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a matrix of \(rows)")
        return MatrixRegion(
            offset: offset + range.lowerBound * stride,
            rows: range.count,
            columns: columns,
            stride: stride
        )
    }

    /// Some consecutive columns of this matrix.
    package func columns(_ range: Range<Int>) -> MatrixRegion {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of a matrix of \(columns)")
        return MatrixRegion(offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// The vectors that hold row `row`, padding included.
    ///
    /// - Precondition: the region's rows begin on vector boundaries.
    func vectors(ofRow row: Int) -> Range<Int> {
        let first = (offset + row * stride) / AlignedBuffer.vectorWidth
        return first..<first + AlignedBuffer.roundedUp(columns) / AlignedBuffer.vectorWidth
    }

    /// Whether every row begins on a vector boundary.
    var isVectorAligned: Bool {
        offset.isMultiple(of: AlignedBuffer.vectorWidth) && stride.isMultiple(of: AlignedBuffer.vectorWidth)
    }
}
