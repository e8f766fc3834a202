/// Which rows of a table have a gradient in this step, and which have had one in any step. A row that never had one
/// has moments of zero, and AdamW only lets it decay.
///
/// Owner: the trainer, which changes it between two runs of its team.
final class RowUse: @unchecked Sendable {
    private(set) var isInStep: [Bool]
    private(set) var wasUsed: [Bool]
    /// The rows in this step, each once.
    private(set) var inStep: [Int32] = []

    init(rows: Int) {
        isInStep = Array(repeating: false, count: rows)
        wasUsed = Array(repeating: false, count: rows)
        inStep.reserveCapacity(rows)
    }

    func mark(_ numbers: [Int32]) {
        for place in 0..<numbers.count {
            let number = Int(numbers[place])
            guard !isInStep[number] else { continue }
            isInStep[number] = true
            wasUsed[number] = true
            inStep.append(numbers[place])
        }
    }

    /// The rows whose moments are not zero, when a run goes on.
    func restore(_ rows: [Bool]) { wasUsed = rows }

    func endStep() {
        for place in 0..<inStep.count { isInStep[Int(inStep[place])] = false }
        inStep.removeAll(keepingCapacity: true)
    }
}
