package import Encoder

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a text's logits should say.
package enum Target: Sendable, Equatable {
    /// The class with this index.
    case label(Int)
    /// A number for each logit: 1 for labels that apply and 0 for others, or the values of a regression.
    case values([Float])
}

/// The loss of a batch, as transformers' classes for sequence classification compute it for a `problem_type`.
package struct Loss: Sendable, Equatable {
    /// What the logits mean.
    package var problemType: SequenceClassifier.ProblemType
    /// The part of a target that is spread over all labels: the Trainer's `label_smoothing_factor`.
    package var labelSmoothing = 0.0
    /// A weight for each label; nil for equal ones.
    package var classWeights: [Double]?

    /// A loss without smoothing and weights.
    package init(_ problemType: SequenceClassifier.ProblemType) { self.problemType = problemType }

    /// The mean loss of some texts, and its gradient for each logit.
    ///
    /// - Precondition: there is a row of logits for each target.
    package func evaluate(logits: [[Double]], targets: [Target]) -> (loss: Double, gradients: [[Double]]) {
        precondition(logits.count == targets.count, "\(logits.count) rows of logits, \(targets.count) targets")
        // The mean is over the texts' weights.
        let total = targets.reduce(0) { $0 + weight(of: $1) }
        var (loss, gradients): (Double, [[Double]]) = (0, [])
        for (row, target) in zip(logits, targets) {
            let (value, gradient) =
                switch target {
                case .label(let label): crossEntropy(row, label)
                case .values(let values):
                    problemType == .regression ? squaredError(row, values) : binaryCrossEntropy(row, values)
                }
            loss += value / total
            gradients.append(gradient.map { $0 / total })
        }
        return (loss, gradients)
    }

    private func weight(of target: Target) -> Double {
        if case .label(let label) = target, let classWeights { return classWeights[label] }
        return 1
    }

    /// -sum over c of t_c w_c log softmax(x)_c, where t is the smoothed target; its gradient is
    /// softmax(x)_c sum(t w) - t_c w_c.
    private func crossEntropy(_ logits: [Double], _ label: Int) -> (Double, [Double]) {
        let largest = logits.max() ?? 0
        let logarithm = log(logits.reduce(0) { $0 + exp($1 - largest) }) + largest
        let spread = labelSmoothing / Double(logits.count)
        let targets = logits.indices.map { index in
            ((index == label ? 1 - labelSmoothing : 0) + spread) * (classWeights?[index] ?? 1)
        }
        let sum = targets.reduce(0, +)
        let loss = zip(logits, targets).reduce(0) { $0 + (logarithm - $1.0) * $1.1 }
        return (loss, zip(logits, targets).map { exp($0 - logarithm) * sum - $1 })
    }

    /// The mean over labels of ln(1 + e^x) - t x; its gradient is sigmoid(x) - t.
    private func binaryCrossEntropy(_ logits: [Double], _ targets: [Float]) -> (Double, [Double]) {
        let count = Double(logits.count)
        var (loss, gradient): (Double, [Double]) = (0, [])
        for (x, target) in zip(logits, targets) {
            let small = exp(-abs(x))
            loss += max(x, 0) + log1p(small) - Double(target) * x
            gradient.append(((x < 0 ? small : 1) / (1 + small) - Double(target)) / count)
        }
        return (loss / count, gradient)
    }

    /// The mean over values of (x - t)^2.
    private func squaredError(_ logits: [Double], _ targets: [Float]) -> (Double, [Double]) {
        let count = Double(logits.count)
        let differences = zip(logits, targets).map { $0 - Double($1) }
        return (differences.reduce(0) { $0 + $1 * $1 } / count, differences.map { 2 * $0 / count })
    }
}
