/// How far two lists of numbers rise and fall together, from -1 to 1; 0 where one of them is constant.
package enum Correlation {
    /// Pearson's correlation: the covariance over the product of the standard deviations.
    ///
    /// - Precondition: both have the same count.
    package static func pearson(_ x: [Double], _ y: [Double]) -> Double {
        precondition(x.count == y.count, "\(x.count) and \(y.count) numbers")
        let count = Double(max(1, x.count))
        let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            xx += (a - meanX) * (a - meanX)
            yy += (b - meanY) * (b - meanY)
            xy += (a - meanX) * (b - meanY)
        }
        return xx > 0 && yy > 0 ? xy / (xx.squareRoot() * yy.squareRoot()) : 0
    }

    /// Spearman's correlation: Pearson's of the ranks.
    ///
    /// - Precondition: both have the same count.
    package static func spearman(_ x: [Double], _ y: [Double]) -> Double { pearson(ranks(x), ranks(y)) }

    /// Each number's rank; equal numbers share the mean of their ranks.
    static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            let value = values[order[start]]
            let end = order[start...].firstIndex { values[$0] != value } ?? order.count
            for place in order[start..<end] { ranks[place] = Double(start + end - 1) / 2 }
            start = max(end, start + 1)
        }
        return ranks
    }
}
