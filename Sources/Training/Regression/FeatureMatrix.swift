/// The feature vectors of many texts, in double precision.
///
/// Rows are padded to whole vectors of eight numbers, so that products work on all lanes at once and always add in the
/// same order.
package struct FeatureMatrix: Sendable {
    typealias Lanes = SIMD8<Double>

    /// Number of feature vectors.
    package private(set) var rows = 0
    /// Length of each feature vector.
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
    /// - Precondition: the row has as many numbers as the matrix has columns.
    package mutating func append(_ row: [Double]) {
        precondition(row.count == columns, "\(row.count) features in a matrix of \(columns) columns")
        lanes += Self.lanes(of: row)
        rows += 1
    }

    /// The numbers as SIMD vectors, the last one filled up with zeros.
    static func lanes(of numbers: some RandomAccessCollection<Double>) -> [Lanes] {
        stride(from: 0, to: numbers.count, by: Lanes.scalarCount).map { start in
            var vector = Lanes.zero
            for (lane, number) in numbers.dropFirst(start).prefix(Lanes.scalarCount).enumerated() {
                vector[lane] = number
            }
            return vector
        }
    }

    /// The dot products of a row with `count` weight vectors, which are laid out in `weights` as rows are here.
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

    /// Adds a row times `factor` to the vector that begins at `sums[first]`.
    @inline(__always)
    func add(row: Int, times factor: Double, to sums: inout [Lanes], at first: Int) {
        let start = row * lanesPerRow
        for lane in 0..<lanesPerRow { sums[first + lane] += lanes[start + lane] * factor }
    }
}
