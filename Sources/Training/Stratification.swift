/// Divides rows so that each part has the classes in the proportions of the whole. A seed gives the same division on
/// any machine.
package enum Stratification {
    /// Holds out some rows of each class.
    ///
    /// If a class has only one row, the row is not held out: otherwise the class could not be learnt.
    ///
    /// - Parameter fraction: the fraction of each class's rows that is held out, from 0 to 1; at least one row stays.
    /// - Returns: row numbers, each ascending.
    package static func split(labels: [Int], fraction: Double, seed: UInt64) -> (training: [Int], heldOut: [Int]) {
        var (training, heldOut): ([Int], [Int]) = ([], [])
        for members in shuffledClasses(labels, rows: Array(labels.indices), seed: seed) {
            let wanted = Int((Double(members.count) * fraction).rounded())
            let count = members.count == 1 ? 0 : min(max(wanted, 1), members.count - 1)
            heldOut += members.prefix(count)
            training += members.dropFirst(count)
        }
        return (training.sorted(), heldOut.sorted())
    }

    /// Deals rows into folds, each to be held out once.
    ///
    /// If a class has only one row, the row is in no fold, and so in every training part.
    ///
    /// - Parameter rows: the rows to deal; `labels` has the classes of all rows.
    /// - Returns: row numbers, each ascending.
    package static func folds(_ count: Int, labels: [Int], rows: [Int], seed: UInt64) -> [[Int]] {
        var folds = [[Int]](repeating: [], count: count)
        var next = 0
        for members in shuffledClasses(labels, rows: rows, seed: seed) where members.count > 1 {
            // Each class continues with the fold where the class before it ended, so folds differ by one row at most.
            for row in members {
                folds[next % count].append(row)
                next += 1
            }
        }
        return folds.map { $0.sorted() }
    }

    /// The rows of each class, in the classes' order, shuffled.
    private static func shuffledClasses(_ labels: [Int], rows: [Int], seed: UInt64) -> [[Int]] {
        var classes = [[Int]](repeating: [], count: (labels.max() ?? -1) + 1)
        for row in rows { classes[labels[row]].append(row) }
        var random = SplitMix64(seed: seed)
        for index in classes.indices { random.shuffle(&classes[index]) }
        return classes.filter { !$0.isEmpty }
    }
}
