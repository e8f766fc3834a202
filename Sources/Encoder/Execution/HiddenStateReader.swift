internal import LinearAlgebra

/// Reads the model's hidden states out of their stored stream.
struct HiddenStateReader {
    /// What is still to be applied to the stream.
    let carry: AffineCarry
    /// The block's part of the arena.
    let hidden: MatrixRegion

    /// Writes the hidden states of `rows`, [rows, hidden_size] row-major, from `values[start]` on.
    func copy(_ rows: Range<Int>, in arena: borrowing AlignedBuffer, to values: inout [Float], at start: Int) {
        var index = start
        arena.withSpan { stored in
            for row in rows {
                forEachUnit(of: row, stored) { _, value in
                    values[index] = Float(value)
                    index += 1
                }
            }
        }
    }

    /// The hidden states of `rows`, [rows, hidden_size] row-major.
    func values(_ rows: Range<Int>, in arena: borrowing AlignedBuffer) -> [Float] {
        var values = Array(repeating: Float(0), count: rows.count * hidden.columns)
        copy(rows, in: arena, to: &values, at: 0)
        return values
    }

    /// Writes one token's hidden state, not rounded.
    func read(_ row: Int, in arena: borrowing AlignedBuffer, into values: inout [Double]) {
        arena.withSpan { stored in
            forEachUnit(of: row, stored) { column, value in values[column] = value }
        }
    }

    /// One vector of the hidden states of `text`, a text's rows, summed in double precision.
    ///
    /// - Parameter first: how many of them are left out.
    /// - Precondition: there is at least one row left; it is no pooler that is asked for.
    func pooled(
        _ text: Range<Int>,
        from first: Int,
        by pooling: Pooling,
        in arena: borrowing AlignedBuffer,
        on arithmetic: Arithmetic
    ) -> [Float] {
        let rows = text.dropFirst(first)
        return switch pooling {
        case .cls, .pooler: values(rows.prefix(1), in: arena)
        case .lastToken: values(rows.suffix(1), in: arena)
        case .mean: sum(rows, by: Double(rows.count), in: arena, on: arithmetic)
        case .meanSqrtLength: sum(rows, by: Double(rows.count).squareRoot(), in: arena, on: arithmetic)
        case .weightedMean: weightedMean(rows, after: first, in: arena)
        case .max: largest(rows, in: arena)
        }
    }

    /// The sum over `rows` divided by `divisor`.
    private func sum(
        _ rows: Range<Int>,
        by divisor: Double,
        in arena: borrowing AlignedBuffer,
        on arithmetic: Arithmetic
    ) -> [Float] {
        var sums = Array(repeating: 0.0, count: hidden.columns)
        arithmetic.sum(hidden.rows(rows), of: arena, into: &sums)
        let share = Double(rows.count) / divisor
        return sums.indices.map { Float(sums[$0] / divisor * carry.scale[$0] + carry.shift[$0] * share) }
    }

    /// - Parameter first: how many of the text's rows come before `rows`; the weights count those too.
    private func weightedMean(
        _ rows: Range<Int>,
        after first: Int,
        in arena: borrowing AlignedBuffer
    ) -> [Float] {
        var sums = Array(repeating: 0.0, count: hidden.columns)
        arena.withSpan { stored in
            for (index, row) in rows.enumerated() {
                forEachUnit(of: row, stored) { column, value in sums[column] += Double(first + index + 1) * value }
            }
        }
        let weights = Double(rows.count * (2 * first + rows.count + 1) / 2)
        return sums.map { Float($0 / weights) }
    }

    private func largest(_ rows: Range<Int>, in arena: borrowing AlignedBuffer) -> [Float] {
        var largest = Array(repeating: -Double.infinity, count: hidden.columns)
        arena.withSpan { stored in
            for row in rows {
                // Written so that NaN stays.
                forEachUnit(of: row, stored) { column, value in
                    if !(value <= largest[column]) { largest[column] = value }
                }
            }
        }
        return largest.map(Float.init)
    }

    /// Calls `body` with each unit of a token's hidden state.
    @inline(__always)
    private func forEachUnit(of row: Int, _ stored: Span<Float>, _ body: (_ column: Int, _ value: Double) -> Void) {
        let start = hidden.offset + row * hidden.stride
        for column in 0..<hidden.columns {
            body(column, Double(stored[start + column]) * carry.scale[column] + carry.shift[column])
        }
    }
}
