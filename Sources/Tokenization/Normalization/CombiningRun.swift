/// A run of scalars with combining classes other than 0 in a decomposed text, before they are put into canonical order.
///
/// Nearly all of them are nonspacing marks and dropped. Spacing marks stay, and marks newer than the category table.
/// The origin of a mark that stays follows from how `tokenizers` counts: the scalars, *after* reordering, get the
/// original characters in turn, one for each scalar that is the first of its decomposition.
struct CombiningRun {
    private struct Mark {
        var scalar: UInt32
        var combiningClass: UInt8
        var isKept: Bool
        /// Whether it is the first scalar of its character's decomposition.
        var isFirst: Bool
        var origin: Range<Int32>
    }

    private var marks: [Mark] = []
    private var isOrdered = true
    private var keepsAny = false
    /// The origin of the scalar before the run.
    var lastOrigin: Range<Int32> = 0..<0

    /// Adds a scalar of a class other than 0.
    mutating func append(_ scalar: UInt32, _ properties: ScalarProperties, from origin: Range<Int32>, isFirst: Bool) {
        let combiningClass = CanonicalDecomposition.combiningClass(of: scalar)
        let isKept = !properties.contains(.nonspacingMark)
        if let last = marks.last, last.combiningClass > combiningClass { isOrdered = false }
        keepsAny = keepsAny || isKept
        marks.append(
            Mark(scalar: scalar, combiningClass: combiningClass, isKept: isKept, isFirst: isFirst, origin: origin)
        )
    }

    /// Writes the scalars of the run that are kept, and empties it.
    @inline(__always)
    mutating func flush(into output: inout NormalizedText, lowercase: Bool) {
        if !marks.isEmpty { flushMarks(into: &output, lowercase: lowercase) }
    }

    private mutating func flushMarks(into output: inout NormalizedText, lowercase: Bool) {
        defer {
            marks.removeAll(keepingCapacity: true)
            isOrdered = true
            keepsAny = false
        }
        guard keepsAny else { return }
        let origins = marks.filter(\.isFirst).map(\.origin)
        if !isOrdered { order() }
        var nextOrigin = 0
        for mark in marks {
            if mark.isFirst {
                lastOrigin = origins[nextOrigin]
                nextOrigin += 1
            }
            if mark.isKept {
                let properties = ScalarProperties(of: mark.scalar)
                output.appendLowercased(mark.scalar, properties, from: lastOrigin, lowercase: lowercase)
            }
        }
    }

    /// Sorts by class and keeps the order of scalars with the same class: a counting sort, linear for a run of any
    /// length.
    private mutating func order() {
        var places = [Int](repeating: 0, count: 257)
        for mark in marks { places[Int(mark.combiningClass) + 1] += 1 }
        for combiningClass in 1...256 { places[combiningClass] += places[combiningClass - 1] }
        var ordered = marks
        for mark in marks {
            ordered[places[Int(mark.combiningClass)]] = mark
            places[Int(mark.combiningClass)] += 1
        }
        marks = ordered
    }
}
