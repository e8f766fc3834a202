/// What a head makes of a batch: a matrix, row-major, of which each example has some rows.
package struct HeadOutput: Sendable {
    /// The matrix.
    package var values: [Float] = []
    /// Its columns.
    package var columns = 0
    /// The rows of each example: one for each of its sequences or tokens.
    package var rows: [Range<Int>] = []

    /// The number of rows.
    package var rowCount: Int { values.count / max(1, columns) }

    /// An example's part.
    package subscript(example: Int) -> ExampleOutput {
        let rows = rows[example]
        return ExampleOutput(
            values: Array(values[rows.lowerBound * columns..<rows.upperBound * columns]),
            columns: columns
        )
    }
}

/// What a head makes of an example.
package struct ExampleOutput: Sendable {
    /// A matrix, row-major: a row for each of the example's sequences or tokens.
    package let values: [Float]
    /// Its columns.
    package let columns: Int

    /// A matrix of so many columns.
    package init(values: [Float], columns: Int) {
        self.values = values
        self.columns = columns
    }

    /// The number of rows.
    package var rowCount: Int { values.count / max(1, columns) }

    /// The column of the largest value of each row: the first of several.
    package var largestColumns: [Int] {
        (0..<rowCount).map { row in
            let start = row * columns
            return (0..<columns).max { values[start + $0] < values[start + $1] } ?? 0
        }
    }
}

/// The mean loss of a batch with its gradient, and the memory in which they are computed. A value that is used again
/// allocates nothing.
package struct LossValue: Sendable {
    /// The mean.
    package internal(set) var loss = 0.0
    /// The sum of the weights that the mean is over: a number of examples or tokens, or of their labels' weights.
    package internal(set) var weight = 0.0
    /// The mean's gradient, of the output's shape.
    package internal(set) var gradient: [Double] = []
    /// Some values of the output: those of a row, of a part of a column, or cosines.
    var logits: [Double] = []
    /// The gradient of a loss of ``logits``.
    var dlogits: [Double] = []
    /// Rows of the output.
    var numbers: [Int] = []
    /// The output's rows as vectors.
    var vectors = UnitVectors()

    /// No loss yet.
    package init() {}

    /// Gets memory for an output of so many values, and for losses of so many logits.
    mutating func reserve(values: Int, logits count: Int) {
        gradient.reserveCapacity(values)
        vectors.reserve(values)
        logits.reserveCapacity(count)
        dlogits.reserveCapacity(count)
        numbers.reserveCapacity(count)
    }

    /// Forgets what was computed.
    mutating func begin(_ output: HeadOutput) {
        (loss, weight) = (0, 0)
        gradient.removeAll(keepingCapacity: true)
        for _ in 0..<output.values.count { gradient.append(0) }
    }

    /// Takes every `step`-th value of the output as logits.
    mutating func take(_ output: HeadOutput, first: Int, step: Int, count: Int) {
        logits.removeAll(keepingCapacity: true)
        for index in 0..<count { logits.append(Double(output.values[first + index * step])) }
    }

    /// Makes as many gradients as there are logits.
    mutating func clearLogitGradients() {
        dlogits.removeAll(keepingCapacity: true)
        for _ in 0..<logits.count { dlogits.append(0) }
    }

    /// Adds the loss of the logits, with their gradient, to the mean.
    ///
    /// - Parameter weight: of this loss, as a part of all.
    mutating func add(_ part: Double, weight: Double, first: Int, step: Int) {
        loss += part * weight
        for index in 0..<dlogits.count { gradient[first + index * step] += dlogits[index] * weight }
    }
}
