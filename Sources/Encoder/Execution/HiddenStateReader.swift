internal import LinearAlgebra

/// Reads the model's hidden states out of their stored stream.
struct HiddenStateReader {
    /// What is still to be applied to the stream.
    let carry: AffineCarry
    /// The block's part of the arena.
    let hidden: MatrixRegion

    /// Appends the hidden states of `rows`, [rows, hidden_size] row-major.
    func append(_ rows: Range<Int>, in arena: borrowing AlignedBuffer, to values: inout [Float]) {
        let width = hidden.columns
        arena.withSpan { stored in
            for row in rows {
                let start = hidden.offset + row * hidden.stride
                for column in 0..<width {
                    let value = Double(stored[start + column])
                    values.append(Float(value * carry.scale[column] + carry.shift[column]))
                }
            }
        }
    }

    /// The mean of the hidden states of `rows`, summed in double precision.
    ///
    /// - Precondition: there is at least one row.
    func mean(_ rows: Range<Int>, in arena: borrowing AlignedBuffer, on arithmetic: Arithmetic) -> [Float] {
        var sums = Array(repeating: 0.0, count: hidden.columns)
        arithmetic.sum(hidden.rows(rows), of: arena, into: &sums)
        let count = Double(rows.count)
        return sums.indices.map { Float(sums[$0] / count * carry.scale[$0] + carry.shift[$0]) }
    }
}
