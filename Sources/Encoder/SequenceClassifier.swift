internal import Foundation

/// The head of a `MobileBertForSequenceClassification`: a dense layer over the pooler's output, and what its
/// outputs mean.
package struct SequenceClassifier: Sendable {
    /// transformers' `problem_type`.
    package enum ProblemType: String, Sendable, CaseIterable {
        /// One label is right: softmax.
        case singleLabel = "single_label_classification"
        /// Any number of labels are right: sigmoid of each.
        case multiLabel = "multi_label_classification"
        /// The logits are the answer.
        case regression
    }

    /// In id order: `id2label`, else LABEL_0, LABEL_1…
    package let labels: [String]
    /// What the logits mean.
    package let problemType: ProblemType

    /// [labels, hidden_size], row-major.
    private let weight: [Float]
    /// [labels].
    private let bias: [Float]

    /// A head of one label per bias.
    ///
    /// - Precondition: the weight has the same number of values for each label.
    init(labels: [String], problemType: ProblemType, weight: [Float], bias: [Float]) {
        precondition(labels.count == bias.count && !labels.isEmpty && weight.count.isMultiple(of: labels.count))
        self.labels = labels
        self.problemType = problemType
        self.weight = weight
        self.bias = bias
    }

    /// The logits for one pooler output, summed in double precision: there are few of them, and they are the answer.
    func logits(pooled: [Float]) -> [Float] {
        let width = weight.count / labels.count
        return bias.indices.map { label in
            var sum = Double(bias[label])
            for column in 0..<width {
                sum += Double(weight[label * width + column]) * Double(pooled[column])
            }
            return Float(sum)
        }
    }

    /// Each label's score: probabilities that add up to 1, probabilities each by itself, or the logits themselves.
    package func scores(logits: [Float]) -> [Float] {
        switch problemType {
        case .regression:
            return logits
        case .multiLabel:
            return logits.map { logit in
                // e^-|x| can't overflow.
                let small = exp(-abs(Double(logit)))
                return Float(logit < 0 ? small / (1 + small) : 1 / (1 + small))
            }
        case .singleLabel:
            let largest = Double(logits.max() ?? 0)
            let exponentials = logits.map { exp(Double($0) - largest) }
            let sum = exponentials.reduce(0, +)
            return exponentials.map { Float($0 / sum) }
        }
    }
}
