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

    /// Each label's score.
    ///
    /// - Parameter function: what makes scores of logits; nil for what the problem type asks for.
    package func scores(logits: [Float], by function: ScoreFunction? = nil) -> [Float] {
        (function ?? problemType.scoreFunction).scores(logits: logits)
    }
}

/// What makes scores of a head's logits: the values of transformers' `function_to_apply`.
package enum ScoreFunction: String, Sendable, CaseIterable {
    /// The logits themselves.
    case identity = "none"
    /// Probabilities that add up to 1.
    case softmax
    /// Probabilities each by itself.
    case sigmoid

    func scores(logits: [Float]) -> [Float] {
        switch self {
        case .identity:
            return logits
        case .sigmoid:
            return logits.map { logit in
                // e^-|x| can't overflow.
                let small = exp(-abs(Double(logit)))
                return Float(logit < 0 ? small / (1 + small) : 1 / (1 + small))
            }
        case .softmax:
            let largest = Double(logits.max() ?? 0)
            let exponentials = logits.map { exp(Double($0) - largest) }
            let sum = exponentials.reduce(0, +)
            return exponentials.map { Float($0 / sum) }
        }
    }
}

extension SequenceClassifier.ProblemType {
    /// What transformers' text classification pipeline applies.
    fileprivate var scoreFunction: ScoreFunction {
        switch self {
        case .singleLabel: .softmax
        case .multiLabel: .sigmoid
        case .regression: .identity
        }
    }
}
