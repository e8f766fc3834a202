/// A feature vector for each of many texts, in doubles.
///
/// Rows are padded to whole vectors of eight numbers, so that products work on all lanes at once, and always in the
/// same order of additions.
package struct FeatureMatrix: Sendable {
    typealias Lanes = SIMD8<Double>

    /// Feature vectors.
    package private(set) var rows = 0
    /// Numbers of each.
    package let columns: Int
    let lanesPerRow: Int
    private(set) var lanes: [Lanes] = []

    /// No rows yet.
    ///
    /// - Precondition: `columns` is positive.
    package init(columns: Int, reservingRows capacity: Int = 0) {
        precondition(columns > 0, "features without numbers")
        self.columns = columns
        lanesPerRow = (columns + Lanes.scalarCount - 1) / Lanes.scalarCount
        lanes.reserveCapacity(capacity * lanesPerRow)
    }

    /// Adds a row.
    ///
    /// - Precondition: as many numbers as columns.
    package mutating func append(_ row: [Double]) {
        precondition(row.count == columns, "\(row.count) features in a matrix of \(columns) columns")
        lanes += Self.lanes(of: row)
        rows += 1
    }

    /// Numbers as vectors of lanes, the last of them filled up with zeros.
    static func lanes(of numbers: some RandomAccessCollection<Double>) -> [Lanes] {
        stride(from: 0, to: numbers.count, by: Lanes.scalarCount).map { start in
            var vector = Lanes.zero
            for (lane, number) in numbers.dropFirst(start).prefix(Lanes.scalarCount).enumerated() {
                vector[lane] = number
            }
            return vector
        }
    }

    /// The row's products with `count` weight vectors, which follow each other in `weights` as rows do here.
    @inline(__always)
    func products(ofRow row: Int, with weights: [Lanes], count: Int, into scores: inout [Double]) {
        let start = row * lanesPerRow
        for output in 0..<count {
            let first = output * lanesPerRow
            var sum = Lanes.zero
            for lane in 0..<lanesPerRow { sum += lanes[start + lane] * weights[first + lane] }
            scores[output] = sum.sum()
        }
    }

    /// Adds the row, times `factor`, to the vector that begins at `first` of `sums`.
    @inline(__always)
    func add(row: Int, times factor: Double, to sums: inout [Lanes], at first: Int) {
        let start = row * lanesPerRow
        for lane in 0..<lanesPerRow { sums[first + lane] += lanes[start + lane] * factor }
    }
}
