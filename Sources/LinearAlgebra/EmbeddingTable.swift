/// A read-only table of vectors looked up by id, each padded with zeros to whole ``FloatVector``s.
package final class EmbeddingTable: Sendable {
    /// The number of vectors.
    package let rows: Int
    /// Values in each vector.
    package let width: Int
    /// ``width``, rounded up to whole vectors.
    package var paddedWidth: Int { region.stride }

    private let region: MatrixRegion
    private let storage: AlignedBuffer

    /// What ``paddedWidth`` is for vectors of `width` values.
    package static func paddedWidth(_ width: Int) -> Int { AlignedBuffer.roundedUp(width) }

    /// A table of `rows` vectors.
    ///
    /// - Parameter fill: fills its `rows * width` values, row-major.
    package init<Failure: Error>(
        rows: Int,
        width: Int,
        arena: WeightArena? = nil,
        fill: (inout MutableSpan<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        let region = MatrixRegion(rows: rows, columns: width)
        var storage = AlignedBuffer(minimumCount: region.capacity, arena: arena)
        try storage.withMutableSpan { (stored: inout MutableSpan<Float>) throws(Failure) in
            var values = stored._mutatingExtracting(first: rows * width)
            try fill(&values)
            guard region.stride > width else { return }
            // From the last row on, so that none is overwritten before it has moved.
            for row in (0..<rows).reversed() {
                for column in (0..<width).reversed() {
                    stored[row * region.stride + column] = stored[row * width + column]
                }
                for column in width..<region.stride { stored[row * region.stride + column] = 0 }
            }
        }
        self.rows = rows
        self.width = width
        self.region = region
        self.storage = storage
    }

    /// A table of `rows` vectors, given row-major.
    ///
    /// - Precondition: there are `rows * width` values.
    package convenience init(rows: Int, width: Int, values: [Float]) {
        precondition(values.count == rows * width, "\(values.count) values for [\(rows), \(width)]")
        self.init(rows: rows, width: width) { stored in
            for (index, value) in values.enumerated() { stored[index] = value }
        }
    }

    /// Writes row `row` and its padding at `offset`.
    ///
    /// - Precondition: the row exists; `offset` is on a vector boundary with ``paddedWidth`` floats behind it.
    package func copy(row: Int, to offset: Int, of buffer: borrowing AlignedBuffer) {
        buffer.take(vectors(ofRow: row), of: storage, to: offset, adding: false)
    }

    /// Adds row `row` to what is at `offset`.
    ///
    /// - Precondition: the row exists; `offset` is on a vector boundary with ``paddedWidth`` floats behind it.
    package func add(row: Int, to offset: Int, of buffer: borrowing AlignedBuffer) {
        buffer.take(vectors(ofRow: row), of: storage, to: offset, adding: true)
    }

    private func vectors(ofRow row: Int) -> Range<Int> {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        return region.vectors(ofRow: row)
    }
}
