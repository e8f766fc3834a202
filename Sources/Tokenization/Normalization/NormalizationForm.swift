/// The normalization forms of Unicode (UAX #15), as the library that `tokenizers` uses computes them: with what becomes
/// of each scalar of the text before.
struct NormalizationForm: Sendable, Equatable {
    /// Whether compatibility decompositions are done too, not only canonical ones.
    var isCompatible: Bool
    /// Whether what was decomposed is composed again.
    var composes: Bool

    /// NFD.
    static let canonicalDecomposition = NormalizationForm(isCompatible: false, composes: false)

    /// The scalars of the normalized text.
    ///
    /// The first scalar of a decomposition replaces the scalar that is decomposed, and the others are inserted. Marks
    /// keep these roles when they change places. A composed scalar replaces all scalars of which it is made.
    func changes(of scalars: [UInt32]) -> [ScalarChange] {
        let decomposed = decompose(scalars)
        return composes ? Self.compose(decomposed) : decomposed
    }

    private func decompose(_ scalars: [UInt32]) -> [ScalarChange] {
        var changes: [ScalarChange] = []
        changes.reserveCapacity(scalars.count)
        /// The marks since the last scalar of class 0.
        var run: [(mark: ScalarChange, combiningClass: UInt8)] = []
        var isOrdered = true
        func endRun() {
            // The sort is stable, as the canonical order asks.
            changes.append(
                contentsOf: (isOrdered ? run : run.sorted { $0.combiningClass < $1.combiningClass }).map(\.mark)
            )
            run.removeAll(keepingCapacity: true)
            isOrdered = true
        }
        var patience = Patience()
        for scalar in scalars {
            guard patience.lasts() else { break }
            var change = 0
            func add(_ part: UInt32) {
                defer { change = 1 }
                guard ScalarProperties(of: part).contains(.reorders) else {
                    if !run.isEmpty { endRun() }
                    changes.append(ScalarChange(part, change))
                    return
                }
                let combiningClass = CanonicalDecomposition.combiningClass(of: part)
                if let last = run.last, last.combiningClass > combiningClass { isOrdered = false }
                run.append((ScalarChange(part, change), combiningClass))
            }
            if isCompatible, CompatibilityDecomposition.decompose(scalar, add) {
            } else if ScalarProperties(of: scalar).contains(.decomposes) {
                CanonicalDecomposition.decompose(scalar, add)
            } else {
                add(scalar)
            }
        }
        endRun()
        return changes
    }

    /// Composes a decomposed text: each scalar is tried with the last starter, if no scalar between them blocks it.
    private static func compose(_ decomposed: [ScalarChange]) -> [ScalarChange] {
        var result: [ScalarChange] = []
        result.reserveCapacity(decomposed.count)
        var starter: ScalarChange?
        /// The marks behind the starter that did not compose with it.
        var marks: [ScalarChange] = []
        var lastClass: UInt8?
        func endStarter() {
            if let starter { result.append(starter) }
            result.append(contentsOf: marks)
            marks.removeAll(keepingCapacity: true)
            lastClass = nil
        }
        var patience = Patience()
        for next in decomposed {
            guard patience.lasts() else { break }
            let isMark = ScalarProperties(of: next.scalar).contains(.reorders)
            let combiningClass = isMark ? CanonicalDecomposition.combiningClass(of: next.scalar) : 0
            guard let first = starter else {
                if isMark { result.append(next) } else { starter = next }
                continue
            }
            let isBlocked = lastClass.map { $0 >= combiningClass } ?? false
            if !isBlocked, let composed = CanonicalComposition.compose(first.scalar, next.scalar) {
                starter = ScalarChange(composed, first.change + next.change - 1)
            } else if isMark {
                marks.append(next)
                lastClass = combiningClass
            } else {
                endStarter()
                starter = next
            }
        }
        endStarter()
        return result
    }
}
