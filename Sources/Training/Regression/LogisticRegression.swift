/// Multinomial logistic regression with an L2 penalty: scikit-learn's `LogisticRegression` at its defaults.
///
/// The function minimized over n rows is the mean cross-entropy + |W|² / (2 C n); intercepts are not penalized. For two
/// classes there is one weight vector, as in scikit-learn: the second class's minus the first's. Two penalized vectors
/// would be a different model.
package struct LogisticRegression: Sendable {
    /// scikit-learn's `C`. A smaller value gives smaller weights.
    package var inversePenalty: Double
    /// The method that searches for the minimum.
    package var search = LBFGS()

    /// A regression with the given `C`.
    ///
    /// - Precondition: it is positive.
    package init(inversePenalty: Double) {
        precondition(inversePenalty > 0, "C is \(inversePenalty)")
        self.inversePenalty = inversePenalty
    }

    /// A fitted model, and how the search for it ended.
    package struct Fit: Sendable {
        /// The model.
        package var head: LinearHead
        /// The mean loss, penalty included.
        package var loss: Double
        /// Steps of the search.
        package var iterations: Int
        /// Whether the search ended at a minimum.
        package var converged: Bool
        /// The parameters in the search's own form, from which a search with another `C` can start.
        let point: [Double]
    }

    /// Fits a model that predicts the classes of some rows.
    ///
    /// - Parameters:
    ///   - features: the features of all rows.
    ///   - labels: each row's class, from 0.
    ///   - classes: the number of classes.
    ///   - rows: the rows to learn from.
    ///   - start: a fit to start from, with the same number of classes and columns; nil for zeros.
    /// - Precondition: two classes or more, and at least one row.
    package func fit(
        _ features: FeatureMatrix,
        labels: [Int],
        classes: Int,
        rows: [Int],
        from start: Fit? = nil
    ) -> Fit {
        precondition(classes >= 2 && !rows.isEmpty, "\(classes) classes of \(rows.count) rows")
        let loss = CrossEntropy(features, labels: labels, rows: rows, outputs: classes == 2 ? 1 : classes)
        let penalty = 1 / (inversePenalty * Double(rows.count))
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
        return Fit(
            head: LinearHead(point: result.point, outputs: loss.outputs, columns: features.columns),
            loss: result.value,
            iterations: result.iterations,
            converged: result.converged,
            point: result.point
        )
    }
}

/// A classification head: logits are `weight · features + bias`.
package struct LinearHead: Sendable, Equatable {
    /// Shape [classes][columns].
    package private(set) var weight: [[Double]]
    /// Shape [classes].
    package private(set) var bias: [Double]

    /// Weights and biases of each class.
    package init(weight: [[Double]], bias: [Double]) {
        self.weight = weight
        self.bias = bias
    }

    /// Makes a head from the parameters of a search: the weight vectors, then their biases. A single vector (the second
    /// class's minus the first's) becomes two vectors of half its size with opposite signs, so that their softmax
    /// equals its sigmoid.
    init(point: [Double], outputs: Int, columns: Int) {
        weight = (0..<outputs).map { Array(point[$0 * columns..<($0 + 1) * columns]) }
        bias = Array(point[(outputs * columns)...])
        guard outputs == 1 else { return }
        weight = [weight[0].map { -$0 / 2 }, weight[0].map { $0 / 2 }]
        bias = [-bias[0] / 2, bias[0] / 2]
    }

    /// The predicted class of each row in `rows`: the class with the largest logit; of equal logits, the first.
    package func predictions(_ features: FeatureMatrix, rows: some Sequence<Int>) -> [Int] {
        let lanes = weight.flatMap { FeatureMatrix.lanes(of: $0) }
        var scores = [Double](repeating: 0, count: weight.count)
        return rows.map { row in
            features.products(ofRow: row, with: lanes, count: weight.count, into: &scores)
            var best = 0
            for output in scores.indices {
                scores[output] += bias[output]
                if scores[output] > scores[best] { best = output }
            }
            return best
        }
    }
}
