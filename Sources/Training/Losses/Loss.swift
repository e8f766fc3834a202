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
            case .tokens, .choices, .maskedTokens: true
            // The Trainer does not smooth answers' places either.
            case .spans, .similarity: false
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
        var value = LossValue()
        evaluate(output, ExampleBatch(examples), into: &value)
        return value
    }

    /// Writes the mean loss of a batch, and its gradient.
    ///
    /// - Precondition: the output is that of these examples.
    func evaluate(_ output: HeadOutput, _ batch: ExampleBatch, into value: inout LossValue) {
        precondition(output.rows.count == batch.count, "\(output.rows.count) outputs, \(batch.count) examples")
        value.begin(output)
        switch kind {
        case .sequences(let problemType): sequences(output, batch, problemType, &value)
        case .similarity(let scale, _): similarity(output, batch, scale: scale, &value)
        case .tokens: tokens(output, batch, &value)
        case .spans: spans(output, batch, &value)
        case .choices: choices(output, batch, &value)
        case .maskedTokens: maskedTokens(output, &value)
        }
    }
}

// MARK: Sequences

extension Loss {
    /// One row of logits for each example. The mean is over the labels' weights.
    private func sequences(
        _ output: HeadOutput,
        _ batch: ExampleBatch,
        _ problemType: SequenceClassifier.ProblemType,
        _ value: inout LossValue
    ) {
        for example in 0..<batch.count { value.weight += weight(of: batch[example].target) }
        for example in 0..<batch.count {
            let first = output.rows[example].lowerBound * output.columns
            value.take(output, first: first, step: 1, count: output.columns)
            let loss = sequence(&value, batch[example].target, problemType)
            value.add(loss, weight: 1 / value.weight, first: first, step: 1)
        }
    }

    /// The mean loss of rows of logits.
    func mean(_ logits: [[Double]], _ targets: [Target], _ problemType: SequenceClassifier.ProblemType) -> Double {
        precondition(logits.count == targets.count, "\(logits.count) rows of logits, \(targets.count) targets")
        var value = LossValue()
        for (row, target) in zip(logits, targets) {
            value.logits = row
            value.loss += sequence(&value, target, problemType)
            value.weight += weight(of: target)
        }
        return value.loss / value.weight
    }

    /// The loss of a row of logits, with its gradient.
    private func sequence(
        _ value: inout LossValue,
        _ target: Target,
        _ problemType: SequenceClassifier.ProblemType
    ) -> Double {
        switch target {
        case .label(let label): crossEntropy(&value, label)
        case .values(let values):
            problemType == .regression ? squaredError(&value, values) : binaryCrossEntropy(&value, values)
        case .tokenLabels, .span, .none: preconditionFailure("\(target) for a sequence")
        }
    }

    private func weight(of target: Target) -> Double {
        if case .label(let label) = target, let classWeights { return classWeights[label] }
        return 1
    }

    /// -sum over c of t_c w_c log softmax(x)_c, where t is the smoothed target; its gradient is
    /// softmax(x)_c sum(t w) - t_c w_c.
    func crossEntropy(_ value: inout LossValue, _ label: Int) -> Double {
        let count = value.logits.count
        var largest = value.logits[0]
        for index in 1..<count { largest = max(largest, value.logits[index]) }
        var total = 0.0
        for index in 0..<count { total += exp(value.logits[index] - largest) }
        let logarithm = log(total) + largest
        let spread = labelSmoothing / Double(count)
        value.clearLogitGradients()
        var (loss, sum) = (0.0, 0.0)
        for index in 0..<count {
            var target = (index == label ? 1 - labelSmoothing : 0) + spread
            if let classWeights { target *= classWeights[index] }
            loss += (logarithm - value.logits[index]) * target
            sum += target
            value.dlogits[index] = -target
        }
        for index in 0..<count { value.dlogits[index] += exp(value.logits[index] - logarithm) * sum }
        return loss
    }

    /// The mean over labels of ln(1 + e^x) - t x; its gradient is sigmoid(x) - t.
    private func binaryCrossEntropy(_ value: inout LossValue, _ targets: [Float]) -> Double {
        let count = value.logits.count
        var loss = 0.0
        value.clearLogitGradients()
        for index in 0..<count {
            let (x, target) = (value.logits[index], Double(targets[index]))
            let small = exp(-abs(x))
            loss += max(x, 0) + log1p(small) - target * x
            value.dlogits[index] = ((x < 0 ? small : 1) / (1 + small) - target) / Double(count)
        }
        return loss / Double(count)
    }

    /// The mean over values of (x - t)^2.
    private func squaredError(_ value: inout LossValue, _ targets: [Float]) -> Double {
        let count = value.logits.count
        var loss = 0.0
        value.clearLogitGradients()
        for index in 0..<count {
            let difference = value.logits[index] - Double(targets[index])
            loss += difference * difference
            value.dlogits[index] = 2 * difference / Double(count)
        }
        return loss / Double(count)
    }
}
