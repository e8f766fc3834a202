/// What a head makes of a batch: a matrix, row-major, of which each example has some rows.
package struct HeadOutput: Sendable {
    /// The matrix.
    package let values: [Float]
    /// Its columns.
    package let columns: Int
    /// The rows of each example: one for each of its sequences or tokens.
    package let rows: [Range<Int>]

    /// The number of rows.
    package var rowCount: Int { values.count / max(1, columns) }

    /// A row in double precision.
    func row(_ number: Int) -> [Double] { values[number * columns..<(number + 1) * columns].map { Double($0) } }

    /// A column of some rows, in double precision.
    func column(_ number: Int, of rows: Range<Int>) -> [Double] { rows.map { Double(values[$0 * columns + number]) } }

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
