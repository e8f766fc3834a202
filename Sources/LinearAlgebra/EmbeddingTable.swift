/// A read-only table of vectors looked up by id, each padded with zeros to whole ``FloatVector``s.
package final class EmbeddingTable: Sendable {
    /// The number of vectors.
    package let rows: Int
    /// Values in each vector.
    package let width: Int
    /// ``width``, rounded up to whole vectors.
    package var paddedWidth: Int { region.stride }

    /// ``paddedWidth`` as the buffer stores it, in floats: half of it in a narrow table.
    private let region: MatrixRegion
    /// Whether values are kept as bfloat16.
    private let isNarrow: Bool
    private let storage: AlignedBuffer

    /// The ``paddedWidth`` of vectors of `width` values.
    package static func paddedWidth(_ width: Int) -> Int { AlignedBuffer.roundedUp(width) }

    /// A table of `rows` vectors.
    ///
    /// - Parameters:
    ///   - isNarrow: whether to keep the values as bfloat16, in half of the memory.
    ///   - fill: fills the `rows * width` values, row-major.
    package init<Failure: Error>(
        rows: Int,
        width: Int,
        isNarrow: Bool = false,
        arena: WeightArena? = nil,
        fill: (inout MutableSpan<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        let region = MatrixRegion(rows: rows, columns: width)
        var storage = AlignedBuffer(minimumCount: region.capacity, arena: isNarrow ? nil : arena)
        try storage.withMutableSpan { (stored: inout MutableSpan<Float>) throws(Failure) in
            var values = stored._mutatingExtracting(first: rows * width)
            try fill(&values)
            guard region.stride > width else { return }
            // The last row moves first, so that no row is overwritten before it has moved.
            for row in (0..<rows).reversed() {
                for column in (0..<width).reversed() {
                    stored[row * region.stride + column] = stored[row * width + column]
                }
                for column in width..<region.stride { stored[row * region.stride + column] = 0 }
            }
        }
        if isNarrow {
            let narrow = AlignedBuffer(minimumCount: region.capacity / 2, arena: arena)
            let count = region.capacity / AlignedBuffer.vectorWidth
            storage.withVectors { wide in
                narrow.withNarrowVectors { narrow in
                    for index in 0..<count { narrow[index] = VectorMath.bfloat16(wide[index]) }
                }
            }
            storage = narrow
        }
        self.rows = rows
        self.width = width
        self.region = region
        self.isNarrow = isNarrow
        self.storage = storage
    }

    /// Writes row `row` and its padding at `offset`.
    ///
    /// - Precondition: the row exists; `offset` is on a vector boundary with ``paddedWidth`` floats behind it.
    package func copy(row: Int, to offset: Int, of buffer: borrowing AlignedBuffer) {
        take(row, to: offset, of: buffer, adding: false)
    }

    /// Adds row `row` to the values at `offset`.
    ///
    /// - Precondition: the row exists; `offset` is on a vector boundary with ``paddedWidth`` floats behind it.
    package func add(row: Int, to offset: Int, of buffer: borrowing AlignedBuffer) {
        take(row, to: offset, of: buffer, adding: true)
    }

    private func take(_ row: Int, to offset: Int, of buffer: borrowing AlignedBuffer, adding: Bool) {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        let vectors = region.vectors(ofRow: row)
        if isNarrow {
            buffer.takeNarrow(vectors, of: storage, to: offset, adding: adding)
        } else {
            buffer.take(vectors, of: storage, to: offset, adding: adding)
        }
    }
}
