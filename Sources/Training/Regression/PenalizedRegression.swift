package import Encoder

/// A linear model with an L2 penalty, as scikit-learn fits it.
///
/// | problem type | scikit-learn's class | loss of a row |
/// |---|---|---|
/// | one label | `LogisticRegression` | cross-entropy |
/// | any number of labels | `OneVsRestClassifier(LogisticRegression())` | sum of the binary cross-entropies |
/// | a number | `Ridge` with `alpha` = 1 / `C` | half of the squared error |
///
/// The function minimized over n rows is the mean loss + |W|² / (2 C n); intercepts are not penalized. For two classes
/// there is one weight vector, as in scikit-learn: the second class's minus the first's. Two penalized vectors would be
/// a different model. With weights of the classes, a row counts as often as its class's weight says, in the mean and in
/// n. The labels of sets share no parameter, so their joint minimum is that of independent regressions.
package struct PenalizedRegression: Sendable {
    /// What is predicted.
    package var problemType = SequenceClassifier.ProblemType.singleLabel
    /// scikit-learn's `C`. A smaller value gives smaller weights.
    package var inversePenalty: Double
    /// The weight of each class, where a row has one; nil for equal ones.
    package var classWeights: [Double]?
    /// The method that searches for the minimum.
    package var search = LBFGS()

    /// A regression with the given `C`.
    ///
    /// - Precondition: it is positive.
    package init(_ problemType: SequenceClassifier.ProblemType = .singleLabel, inversePenalty: Double) {
        precondition(inversePenalty > 0, "C is \(inversePenalty)")
        self.problemType = problemType
        self.inversePenalty = inversePenalty
    }

    /// A fitted model, and how the search for it ended.
    package struct Fit: Sendable {
        /// The model.
        package var head: LinearHead
        /// The mean loss, penalty included.
        package var loss: Double
        /// Steps of the search; 0 for a ridge regression, which has a closed form.
        package var iterations: Int
        /// Whether the search ended at a minimum.
        package var converged: Bool
        /// The parameters in the search's own form, from which a search with another `C` can start.
        fileprivate let point: [Double]
        /// The sums of a ridge regression, which serve every `C` over the same rows.
        fileprivate let equations: NormalEquations?
    }

    /// Fits a model that predicts the targets of some rows.
    ///
    /// - Parameters:
    ///   - features: the features of all rows.
    ///   - targets: each row's target, of the problem type.
    ///   - labels: the number of classes, labels or numbers.
    ///   - rows: the rows to learn from.
    ///   - start: a fit to start from, of the same problem over the same features; nil for zeros.
    /// - Precondition: at least one row, and two classes or more where a row has one.
    package func fit(
        _ features: FeatureMatrix,
        targets: [Target],
        labels: Int,
        rows: [Int],
        from start: Fit? = nil
    ) -> Fit {
        precondition(!rows.isEmpty && labels >= (problemType == .singleLabel ? 2 : 1), "\(labels) labels")
        if problemType == .regression { return ridge(features, targets: targets, rows: rows, from: start) }
        let isBinary = problemType == .singleLabel && labels == 2
        let loss = RegressionLoss(
            features,
            targets: targets,
            rows: rows,
            outputs: isBinary ? 1 : labels,
            classWeights: problemType == .singleLabel ? classWeights : nil
        )
        let penalty = 1 / (inversePenalty * loss.totalWeight)
        let zeros = [Double](repeating: 0, count: loss.parameters)
        let weights = loss.outputs * features.columns
        let result = search.minimize(from: start?.point ?? zeros) { point in
            var (value, gradient) = loss.evaluate(point)
            for index in 0..<weights {
                value += 0.5 * penalty * point[index] * point[index]
                gradient[index] += penalty * point[index]
            }
            return (value, gradient)
        }
        let head = LinearHead(point: result.point, outputs: loss.outputs, columns: features.columns)
        return Fit(
            head: isBinary ? head.split : head,
            loss: result.value,
            iterations: result.iterations,
            converged: result.converged,
            point: result.point,
            equations: nil
        )
    }

    /// The minimum for numbers, which has a closed form.
    private func ridge(_ features: FeatureMatrix, targets: [Target], rows: [Int], from start: Fit?) -> Fit {
        let values = targets.map { Double($0.score ?? 0) }
        let known = start?.equations.flatMap { $0.rows == rows ? $0 : nil }
        let equations = known ?? NormalEquations(features, values: values, rows: rows)
        let (weight, bias) = equations.solve(penalty: 1 / inversePenalty)
        let head = LinearHead(weight: [weight], bias: [bias])
        let errors = zip(rows, head.logits(features, rows: rows)).reduce(0) { sum, pair in
            let difference = pair.1[0] - values[pair.0]
            return sum + difference * difference
        }
        let squares = weight.reduce(0) { $0 + $1 * $1 }
        let loss = (errors + squares / inversePenalty) / Double(2 * rows.count)
        return Fit(head: head, loss: loss, iterations: 0, converged: true, point: [], equations: equations)
    }
}

/// A head: logits are `weight · features + bias`.
package struct LinearHead: Sendable, Equatable {
    /// Shape [labels][columns].
    package private(set) var weight: [[Double]]
    /// Shape [labels].
    package private(set) var bias: [Double]

    /// Weights and biases of each label.
    package init(weight: [[Double]], bias: [Double]) {
        self.weight = weight
        self.bias = bias
    }

    /// Makes a head from the parameters of a search: the weight vectors, then their biases.
    init(point: [Double], outputs: Int, columns: Int) {
        weight = (0..<outputs).map { Array(point[$0 * columns..<($0 + 1) * columns]) }
        bias = Array(point[(outputs * columns)...])
    }

    /// A head of two classes, made from one with a single vector (the second class's minus the first's): two vectors of
    /// half its size with opposite signs, so that their softmax equals its sigmoid.
    var split: LinearHead {
        LinearHead(
            weight: [weight[0].map { -$0 / 2 }, weight[0].map { $0 / 2 }],
            bias: [-bias[0] / 2, bias[0] / 2]
        )
    }

    /// The logits of each row in `rows`.
    package func logits(_ features: FeatureMatrix, rows: some Sequence<Int>) -> [[Double]] {
        let lanes = weight.flatMap { FeatureMatrix.lanes(of: $0) }
        return rows.map { row in
            var logits = [Double](repeating: 0, count: weight.count)
            features.products(ofRow: row, with: lanes, count: weight.count, into: &logits)
            for output in logits.indices { logits[output] += bias[output] }
            return logits
        }
    }
}
