/// The losses of tokens and of several sequences. All but that of masked tokens, which the head computes, are
/// cross-entropies in double precision.
extension Loss {
    /// One row of logits for each token with a label. The mean is over these tokens.
    func tokens(_ output: HeadOutput, _ examples: [TokenizedExample]) -> LossValue {
        var result = LossValue(output, weight: Double(output.rowCount))
        for (rows, example) in zip(output.rows, examples) {
            for (row, label) in zip(rows, example.target.labels) {
                let places = row * output.columns..<(row + 1) * output.columns
                result.add(crossEntropy(output.row(row), label), at: places)
            }
        }
        return result
    }

    /// Half of the mean cross-entropy of the answers' first tokens, and half of that of their last ones, each over the
    /// tokens of a sequence.
    func spans(_ output: HeadOutput, _ examples: [TokenizedExample]) -> LossValue {
        var result = LossValue(output, weight: Double(examples.count))
        for column in 0..<2 {
            var parts: [(rows: Range<Int>, place: Int)] = []
            for (rows, example) in zip(output.rows, examples) {
                guard case .span(let tokens) = example.target else { preconditionFailure("\(example.target)") }
                let place = column == 0 ? tokens.lowerBound : tokens.upperBound
                // transformers ignores ends behind the sequence's.
                if place < rows.count { parts.append((rows, place)) }
            }
            for (rows, place) in parts {
                var (loss, gradient) = crossEntropy(output.column(column, of: rows), place)
                let factor = Double(examples.count) / Double(2 * parts.count)
                loss *= factor
                gradient = gradient.map { $0 * factor }
                result.add((loss, gradient), at: rows.map { $0 * output.columns + column })
            }
        }
        return result
    }

    /// The cross-entropy over an example's sequences, each of which has one logit.
    func choices(_ output: HeadOutput, _ examples: [TokenizedExample]) -> LossValue {
        var result = LossValue(output, weight: Double(examples.count))
        for (rows, example) in zip(output.rows, examples) {
            guard case .label(let right) = example.target else { preconditionFailure("\(example.target)") }
            result.add(crossEntropy(output.column(0, of: rows), right), at: rows)
        }
        return result
    }

    /// The mean of the losses that the head has computed.
    func maskedTokens(_ output: HeadOutput) -> LossValue {
        var result = LossValue(output, weight: Double(output.rowCount))
        for (place, loss) in output.values.enumerated() { result.add((Double(loss), [1]), at: [place]) }
        return result
    }
}
