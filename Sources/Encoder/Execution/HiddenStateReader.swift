internal import LinearAlgebra

/// Reads the model's hidden states out of their stored stream.
struct HiddenStateReader {
    /// What is still to be applied to the stream.
    let carry: AffineCarry
    /// All tokens' part of the arena.
    let hidden: MatrixRegion

    /// Appends the hidden states of `tokens`, [tokens, hidden_size] row-major.
    func append(_ tokens: Range<Int>, in arena: borrowing AlignedBuffer, to values: inout [Float]) {
        let width = hidden.columns
        arena.withSpan { stored in
            for token in tokens {
                let start = hidden.offset + token * hidden.stride
                for column in 0..<width {
                    let value = Double(stored[start + column])
                    values.append(Float(value * carry.scale[column] + carry.shift[column]))
                }
            }
        }
    }

    /// The mean of the hidden states of `tokens`, summed in double precision.
    ///
    /// - Precondition: there is at least one token.
    func mean(_ tokens: Range<Int>, in arena: borrowing AlignedBuffer) -> [Float] {
        let width = hidden.columns
        var sums = Array(repeating: 0.0, count: width)
        arena.withSpan { stored in
            for token in tokens {
                let start = hidden.offset + token * hidden.stride
                for column in 0..<width { sums[column] += Double(stored[start + column]) }
            }
        }
        let count = Double(tokens.count)
        return sums.indices.map { Float(sums[$0] / count * carry.scale[$0] + carry.shift[$0]) }
    }
}
