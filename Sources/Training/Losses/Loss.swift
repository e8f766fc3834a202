package import Encoder

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The loss of a batch.
package struct Loss: Sendable, Equatable {
    /// What the head's output should be compared with, and how.
    package enum Kind: Sendable, Equatable {
        /// The logits of a sequence with its label, labels, or values: transformers' `problem_type`.
        case sequences(SequenceClassifier.ProblemType)
        /// The vectors of pairs: those with scores by CoSENT, others by the negatives in the batch. `scale` is the
        /// factor of cosines, and `measured` says what the validation examples are.
        case similarity(scale: Double, measured: PairKind)
        /// The logits of tokens with their labels, which may be those of entities.
        case tokens(areEntities: Bool)
        /// Two logits of each token with the first and the last token of the answer.
        case spans
        /// A logit for each of an example's sequences, of which one is right.
        case choices
        /// The losses of masked tokens.
        case maskedTokens

        /// Whether one label is right, which smoothing may spread.
        package var takesLabelSmoothing: Bool {
            switch self {
            case .sequences(let problemType): problemType == .singleLabel
            case .tokens, .choices: true
            case .spans, .maskedTokens, .similarity: false
            }
        }

        /// transformers' `problem_type`; nil where there is none.
        package var problemType: SequenceClassifier.ProblemType? {
            switch self {
            case .sequences(let problemType): problemType
            case .tokens, .spans, .choices, .maskedTokens, .similarity: nil
            }
        }
    }

    /// The comparison.
    package var kind: Kind
    /// The part of a target that is spread over all labels: the Trainer's `label_smoothing_factor`.
    package var labelSmoothing = 0.0
    /// A weight for each label; nil for equal ones.
    package var classWeights: [Double]?

    /// A loss without smoothing and weights.
    package init(_ kind: Kind) { self.kind = kind }

    /// The loss of one example alone.
    package func evaluate(_ output: ExampleOutput, _ example: TokenizedExample) -> Double {
        let whole = HeadOutput(values: output.values, columns: output.columns, rows: [0..<output.rowCount])
        return evaluate(whole, [example]).loss
    }

    /// The mean loss of a batch, and its gradient.
    ///
    /// - Precondition: the output is that of these examples.
    package func evaluate(_ output: HeadOutput, _ examples: [TokenizedExample]) -> LossValue {
        precondition(output.rows.count == examples.count, "\(output.rows.count) outputs, \(examples.count) examples")
        return switch kind {
        case .sequences(let problemType): sequences(output, examples, problemType)
        case .similarity(let scale, _): similarity(output, examples, scale: scale)
        case .tokens: tokens(output, examples)
        case .spans: spans(output, examples)
        case .choices: choices(output, examples)
        case .maskedTokens: maskedTokens(output)
        }
    }
}

/// The mean loss of a batch, with what the mean is over.
package struct LossValue: Sendable {
    /// The mean.
    package private(set) var loss = 0.0
    /// The sum of the weights that the mean is over: a number of examples or tokens, or of their labels' weights.
    package let weight: Double
    /// The mean's gradient, of the output's shape.
    package private(set) var gradient: [Double]

    /// No loss yet.
    ///
    /// - Parameter weight: the sum of the weights of all that will be added.
    init(_ output: HeadOutput, weight: Double) {
        self.weight = weight
        gradient = Array(repeating: 0, count: output.values.count)
    }

    /// A mean that is computed at once.
    init(loss: Double, weight: Double, gradient: [Double]) {
        (self.loss, self.weight, self.gradient) = (loss, weight, gradient)
    }

    /// Adds a part of the sum: a loss with its gradient for the values at some places of the output.
    mutating func add(_ part: (loss: Double, gradient: [Double]), at places: some Sequence<Int>) {
        loss += part.loss / weight
        for (place, value) in zip(places, part.gradient) { gradient[place] += value / weight }
    }
}

// MARK: Sequences

extension Loss {
    /// One row of logits for each example. The mean is over the labels' weights.
    private func sequences(
        _ output: HeadOutput,
        _ examples: [TokenizedExample],
        _ problemType: SequenceClassifier.ProblemType
    ) -> LossValue {
        var result = LossValue(output, weight: examples.reduce(0) { $0 + weight(of: $1.target) })
        for (rows, example) in zip(output.rows, examples) {
            let part = sequence(output.row(rows.lowerBound), example.target, problemType)
            result.add(part, at: rows.lowerBound * output.columns..<rows.upperBound * output.columns)
        }
        return result
    }

    /// The mean loss of rows of logits.
    func mean(_ logits: [[Double]], _ targets: [Target], _ problemType: SequenceClassifier.ProblemType) -> Double {
        precondition(logits.count == targets.count, "\(logits.count) rows of logits, \(targets.count) targets")
        let sum = zip(logits, targets).reduce(0) { $0 + sequence($1.0, $1.1, problemType).0 }
        return sum / targets.reduce(0) { $0 + weight(of: $1) }
    }

    private func sequence(
        _ row: [Double],
        _ target: Target,
        _ problemType: SequenceClassifier.ProblemType
    ) -> (Double, [Double]) {
        switch target {
        case .label(let label): crossEntropy(row, label)
        case .values(let values):
            problemType == .regression ? squaredError(row, values) : binaryCrossEntropy(row, values)
        case .tokenLabels, .span, .none: preconditionFailure("\(target) for a sequence")
        }
    }

    private func weight(of target: Target) -> Double {
        if case .label(let label) = target, let classWeights { return classWeights[label] }
        return 1
    }

    /// -sum over c of t_c w_c log softmax(x)_c, where t is the smoothed target; its gradient is
    /// softmax(x)_c sum(t w) - t_c w_c.
    func crossEntropy(_ logits: [Double], _ label: Int) -> (Double, [Double]) {
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
