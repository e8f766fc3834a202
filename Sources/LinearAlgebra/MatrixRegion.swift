/// A row-major matrix inside an ``AlignedBuffer``: its beginning, its shape, and the distance between its rows.
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
    /// - Precondition: no argument is negative, and `stride` is at least `columns`.
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

    /// Whether the memory from this region's first to its last element overlaps with the other region's.
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

/// Scratch memory in an ``AlignedBuffer`` for products whose weights are narrower than float32: for the left operand,
/// or, if the kernels multiply floats instead, for weights that they widen.
///
/// A row holds as many bfloat16 or 8-bit values as fit in its floats; ``scales`` has one float for each row.
package struct OperandScratch: Sendable, Equatable {
    /// The rows, measured in floats. A row of bfloat16 values takes half as many floats.
    package var values: MatrixRegion
    /// One row of floats: the scale of each row of 8-bit values.
    package var scales: MatrixRegion
    /// One row of floats, which nothing else uses during a product: a panel of weights that are widened. It may be
    /// empty; then products of many rows are slower.
    package var widened = MatrixRegion(rows: 0, columns: 0)

    /// Scratch of no rows.
    package init() {
        values = MatrixRegion(rows: 0, columns: 0)
        scales = MatrixRegion(rows: 0, columns: 0)
    }

    /// Scratch for `rows` rows of up to `width` values, behind the first `offset` floats of a buffer.
    package init(offset: Int, rows: Int, width: Int) {
        let floats = AlignedBuffer.roundedUp((width + 1) / 2)
        values = MatrixRegion(offset: offset, rows: rows, columns: floats, stride: floats)
        let stride = AlignedBuffer.roundedUp(rows)
        scales = MatrixRegion(offset: values.capacity, rows: 1, columns: rows, stride: stride)
    }

    /// Floats that a buffer must hold.
    package var capacity: Int { scales.capacity }

    /// This scratch memory with rows just long enough for `width` values of `bytes` bytes, so that no more than that is
    /// written and the rows lie close together.
    ///
    /// - Precondition: this scratch memory has rows of at least that length.
    func tightened(width: Int, bytes: Int) -> OperandScratch {
        let floats = AlignedBuffer.roundedUp((width * bytes + 3) / 4)
        precondition(floats <= values.stride, "\(width) values of \(bytes) bytes in \(self)")
        var scratch = self
        scratch.values = MatrixRegion(offset: values.offset, rows: values.rows, columns: floats, stride: floats)
        return scratch
    }

    /// Some consecutive rows.
    package func rows(_ range: Range<Int>) -> OperandScratch {
        var scratch = self
        scratch.values = values.rows(range)
        scratch.scales = scales.columns(range)
        return scratch
    }
}

/// The signs of a row's values, which decide how 8 bits are used.
package enum ValueSigns: Sendable {
    /// Values may have any sign: 8 bits stand for -127...127.
    case any
    /// No value is negative, as after ReLU: 8 bits stand for 0...255.
    case nonNegative

    /// The 8-bit value that stands for zero.
    var zeroPoint: Int32 { self == .any ? 128 : 0 }
}
