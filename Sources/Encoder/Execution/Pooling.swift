internal import LinearAlgebra

/// How the hidden states of a text become one vector. All cases but ``pooler`` read the last hidden states of all
/// tokens, special ones included, as sentence-transformers' `Pooling` does.
package enum Pooling: String, Sendable, CaseIterable {
    /// The mean of the tokens' hidden states.
    case mean
    /// The hidden state of the first token, [CLS].
    case cls
    /// The largest value of each unit.
    case max
    /// The sum of the hidden states, divided by the square root of the number of tokens.
    case meanSqrtLength = "mean_sqrt_len"
    /// The mean with weights 1, 2, 3… in the order of the tokens.
    case weightedMean = "weighted_mean"
    /// The hidden state of the last token.
    case lastToken = "last_token"
    /// transformers' `pooler_output`.
    case pooler
}

extension HiddenStateReader {
    /// One vector of the hidden states of a sequence, summed in double precision. All ways but the first token's leave
    /// out positions that the attention mask hides.
    ///
    /// - Parameter first: the number of positions that are left out at the start.
    /// - Precondition: there is at least one position left; `pooling` is no dense layer's output.
    func pooled(
        _ sequence: SequenceRows,
        from first: Int,
        by pooling: Pooling,
        in arena: borrowing AlignedBuffer,
        on arithmetic: Arithmetic
    ) -> [Float] {
        let rows = sequence.attended(from: first)
        return switch pooling {
        case .cls, .pooler: values(ofRow: sequence.row(ofPosition: first), in: arena)
        case .lastToken: values(ofRow: rows.upperBound - 1, in: arena)
        case .mean: sum(rows, by: Double(rows.count), in: arena, on: arithmetic)
        case .meanSqrtLength: sum(rows, by: Double(rows.count).squareRoot(), in: arena, on: arithmetic)
        case .weightedMean: weightedMean(rows, of: sequence, in: arena)
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
        let fraction = Double(rows.count) / divisor
        return sums.indices.map { Float(sums[$0] / divisor * carry.scale[$0] + carry.shift[$0] * fraction) }
    }

    /// The weights count the positions of the whole sequence.
    private func weightedMean(
        _ rows: Range<Int>,
        of sequence: SequenceRows,
        in arena: borrowing AlignedBuffer
    ) -> [Float] {
        var sums = Array(repeating: 0.0, count: hidden.columns)
        var weights = 0
        arena.withSpan { stored in
            for row in rows {
                let weight = sequence.position(ofRow: row) + 1
                forEachUnit(of: row, stored) { column, value in sums[column] += Double(weight) * value }
                weights += weight
            }
        }
        return sums.map { Float($0 / Double(weights)) }
    }

    private func largest(_ rows: Range<Int>, in arena: borrowing AlignedBuffer) -> [Float] {
        var largest = Array(repeating: -Double.infinity, count: hidden.columns)
        arena.withSpan { stored in
            for row in rows {
                // Written so that NaN remains.
                forEachUnit(of: row, stored) { column, value in
                    if !(value <= largest[column]) { largest[column] = value }
                }
            }
        }
        return largest.map(Float.init)
    }
}
