/// The losses of tokens and of several sequences. All but that of masked tokens, which the head computes, are
/// cross-entropies in double precision.
extension Loss {
    /// One row of logits for each token with a label. The mean is over these tokens.
    func tokens(_ output: HeadOutput, _ batch: ExampleBatch, _ value: inout LossValue) {
        value.weight = Double(output.rowCount)
        for example in 0..<batch.count {
            guard case .tokenLabels(let labels) = batch[example].target else { continue }
            var row = output.rows[example].lowerBound
            for token in 0..<labels.count where labels[token] != Target.ignored {
                let first = row * output.columns
                value.take(output, first: first, step: 1, count: output.columns)
                let loss = crossEntropy(&value, Int(labels[token]))
                value.add(loss, weight: 1 / value.weight, first: first, step: 1)
                row += 1
            }
        }
    }

    /// Half of the mean cross-entropy of the answers' first tokens, and half of that of their last ones, each over the
    /// tokens of a sequence.
    func spans(_ output: HeadOutput, _ batch: ExampleBatch, _ value: inout LossValue) {
        value.weight = Double(batch.count)
        for column in 0..<2 {
            var counted = 0
            for example in 0..<batch.count where place(column, batch[example], output.rows[example]) != nil {
                counted += 1
            }
            for example in 0..<batch.count {
                let rows = output.rows[example]
                guard let place = place(column, batch[example], rows) else { continue }
                let first = rows.lowerBound * output.columns + column
                value.take(output, first: first, step: output.columns, count: rows.count)
                let loss = crossEntropy(&value, place)
                value.add(loss, weight: 1 / Double(2 * counted), first: first, step: output.columns)
            }
        }
    }

    /// The place of an answer's first or last token; nil behind the sequence's end, which transformers ignores.
    private func place(_ column: Int, _ example: TokenizedExample, _ rows: Range<Int>) -> Int? {
        guard case .span(let tokens) = example.target else { preconditionFailure("\(example.target)") }
        let place = column == 0 ? tokens.lowerBound : tokens.upperBound
        return place < rows.count ? place : nil
    }

    /// The cross-entropy over an example's sequences, each of which has one logit.
    func choices(_ output: HeadOutput, _ batch: ExampleBatch, _ value: inout LossValue) {
        value.weight = Double(batch.count)
        for example in 0..<batch.count {
            guard case .label(let right) = batch[example].target else {
                preconditionFailure("\(batch[example].target)")
            }
            let rows = output.rows[example]
            value.take(output, first: rows.lowerBound, step: 1, count: rows.count)
            value.add(crossEntropy(&value, right), weight: 1 / value.weight, first: rows.lowerBound, step: 1)
        }
    }

    /// The mean of the losses that the head has computed.
    func maskedTokens(_ output: HeadOutput, _ value: inout LossValue) {
        value.weight = Double(output.rowCount)
        for place in 0..<output.values.count {
            value.loss += Double(output.values[place]) / value.weight
            value.gradient[place] = 1 / value.weight
        }
    }
}
