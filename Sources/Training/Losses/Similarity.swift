#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What pairs of texts hold beside the texts.
package enum PairKind: Sendable, Equatable {
    /// The texts belong together; further texts of an example do not.
    case positives
    /// A score that is higher for texts that are more alike.
    case scored
}

// The losses of sentence embeddings. An example's rows are vectors: those of an anchor, its positive, and negatives
// that are known to be hard; or those of two texts with a score.
extension Loss {
    func similarity(_ output: HeadOutput, _ batch: ExampleBatch, scale: Double, _ value: inout LossValue) {
        value.vectors.take(output.values, columns: output.columns)
        value.weight = Double(batch.count)
        if batch.count > 0, batch[0].target.score != nil {
            coSENT(output, batch, scale: scale, &value)
        } else {
            contrastive(output, scale: scale, &value)
        }
        value.vectors.unscale(&value.gradient)
    }

    /// sentence-transformers' MultipleNegativesRankingLoss (arXiv 1705.00652): the cross-entropy of each anchor's
    /// positive among the positives and negatives of the whole batch, by the scaled cosines. The mean is over the
    /// anchors.
    private func contrastive(_ output: HeadOutput, scale: Double, _ value: inout LossValue) {
        value.numbers.removeAll(keepingCapacity: true)
        for example in 0..<output.rows.count {
            let rows = output.rows[example]
            for row in rows.lowerBound + 1..<rows.upperBound { value.numbers.append(row) }
        }
        let part = 1 / Double(output.rows.count)
        var positive = 0
        for example in 0..<output.rows.count {
            let anchor = output.rows[example].lowerBound
            value.logits.removeAll(keepingCapacity: true)
            for place in 0..<value.numbers.count {
                value.logits.append(scale * value.vectors.cosine(anchor, value.numbers[place]))
            }
            value.loss += crossEntropy(&value, positive) * part
            for place in 0..<value.numbers.count {
                let gradient = scale * value.dlogits[place] * part
                value.vectors.addGradient(anchor, value.numbers[place], gradient, to: &value.gradient)
            }
            positive += output.rows[example].count - 1
        }
    }

    /// sentence-transformers' CoSENTLoss. With the scaled cosine s of each pair, and the sum over all two pairs of
    /// which one has a lower score than the other:
    ///
    ///     ln(1 + sum of exp(s_lower - s_higher))
    private func coSENT(_ output: HeadOutput, _ batch: ExampleBatch, scale: Double, _ value: inout LossValue) {
        value.logits.removeAll(keepingCapacity: true)
        for example in 0..<output.rows.count {
            let row = output.rows[example].lowerBound
            value.logits.append(scale * value.vectors.cosine(row, row + 1))
        }
        value.clearLogitGradients()
        func forEachTwo(_ body: (_ lower: Int, _ higher: Int, _ difference: Double) -> Void) {
            for lower in 0..<batch.count {
                let score = batch.score(lower)
                for higher in 0..<batch.count where score < batch.score(higher) {
                    body(lower, higher, value.logits[lower] - value.logits[higher])
                }
            }
        }
        var largest = 0.0
        forEachTwo { largest = max(largest, $2) }
        var sum = exp(-largest)
        forEachTwo { sum += exp($2 - largest) }
        let loss = log(sum) + largest
        for lower in 0..<batch.count {
            let score = batch.score(lower)
            for higher in 0..<batch.count where score < batch.score(higher) {
                let part = scale * exp(value.logits[lower] - value.logits[higher] - loss)
                value.dlogits[lower] += part
                value.dlogits[higher] -= part
            }
        }
        value.loss = loss
        for example in 0..<output.rows.count {
            let row = output.rows[example].lowerBound
            value.vectors.addGradient(row, row + 1, value.dlogits[example], to: &value.gradient)
        }
    }
}

extension ExampleBatch {
    /// The score of a pair.
    fileprivate func score(_ index: Int) -> Float {
        guard let score = self[index].target.score else { preconditionFailure("a pair without a score beside others") }
        return score
    }
}
