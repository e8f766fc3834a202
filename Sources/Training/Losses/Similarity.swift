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
    func similarity(_ output: HeadOutput, _ examples: [TokenizedExample], scale: Double) -> LossValue {
        let scores = examples.compactMap(\.target.score)
        return scores.isEmpty ? contrastive(output, scale: scale) : coSENT(output, scores, scale: scale)
    }

    /// sentence-transformers' MultipleNegativesRankingLoss (arXiv 1705.00652): the cross-entropy of each anchor's
    /// positive among the positives and negatives of the whole batch, by the scaled cosines. The mean is over the
    /// anchors.
    private func contrastive(_ output: HeadOutput, scale: Double) -> LossValue {
        let vectors = UnitVectors(output.values, columns: output.columns)
        let others = output.rows.flatMap { $0.dropFirst() }
        let count = Double(output.rows.count)
        var loss = 0.0
        let gradient = vectors.gradient { add in
            var positive = 0
            for rows in output.rows {
                let anchor = rows.lowerBound
                let (value, gradient) = crossEntropy(others.map { scale * vectors.cosine(anchor, $0) }, positive)
                loss += value / count
                for (other, gradient) in zip(others, gradient) { add(anchor, other, scale * gradient / count) }
                positive += rows.count - 1
            }
        }
        return LossValue(loss: loss, weight: count, gradient: gradient)
    }

    /// sentence-transformers' CoSENTLoss. With the scaled cosine s of each pair, and the sum over all two pairs of
    /// which one has a lower score than the other:
    ///
    ///     ln(1 + sum of exp(s_lower - s_higher))
    private func coSENT(_ output: HeadOutput, _ scores: [Float], scale: Double) -> LossValue {
        precondition(scores.count == output.rows.count, "\(scores.count) scores, \(output.rows.count) pairs")
        let vectors = UnitVectors(output.values, columns: output.columns)
        let cosines = output.rows.map { scale * vectors.cosine($0.lowerBound, $0.lowerBound + 1) }
        let order = scores.enumerated().sorted { $0.element < $1.element }
        // Of each pair, the pairs with a higher score begin here in the order.
        var starts = Array(repeating: order.count, count: order.count)
        for place in order.indices.reversed() {
            let next = place + 1
            let isEqual = next < order.count && order[next].element == order[place].element
            starts[place] = isEqual ? starts[next] : next
        }
        func forEachTwo(_ body: (_ lower: Int, _ higher: Int, _ difference: Double) -> Void) {
            for (place, start) in starts.enumerated() {
                let lower = order[place].offset
                for higher in order[start...] { body(lower, higher.offset, cosines[lower] - cosines[higher.offset]) }
            }
        }
        var largest = 0.0
        forEachTwo { largest = max(largest, $2) }
        var sum = exp(-largest)
        forEachTwo { sum += exp($2 - largest) }
        let loss = log(sum) + largest
        var dcosines = Array(repeating: 0.0, count: cosines.count)
        forEachTwo { lower, higher, difference in
            let part = scale * exp(difference - loss)
            dcosines[lower] += part
            dcosines[higher] -= part
        }
        let gradient = vectors.gradient { add in
            for (rows, gradient) in zip(output.rows, dcosines) { add(rows.lowerBound, rows.lowerBound + 1, gradient) }
        }
        return LossValue(loss: loss, weight: Double(scores.count), gradient: gradient)
    }
}
