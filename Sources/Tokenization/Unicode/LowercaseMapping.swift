/// Lower case of single scalars, without context, as Rust's `char::to_lowercase` gives it.
enum LowercaseMapping {
    /// U+0130, capital I with a dot: the one scalar whose lower case is two.
    private static let capitalIWithDot: UInt32 = 0x130

    /// Calls `body` with the one or two scalars of the lower case of a scalar that
    /// ``ScalarProperties/changesWhenLowercased``.
    @inline(__always)
    static func lowercase(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        if scalar == capitalIWithDot {
            body(0x69)
            body(0x307)
        } else {
            body(scalar &+ UInt32(bitPattern: differences[Int(differenceOfScalar[scalar])]))
        }
    }

    /// Every scalar with a lower case other than itself.
    static var changingScalars: [UInt32] { runs.flatMap(\.scalars) + [capitalIWithDot] }

    private static let runs: [(scalars: [UInt32], difference: Int32)] =
        stride(from: 0, to: UnicodeTables.lowercase.count, by: 4).map { index in
            let run = UnicodeTables.lowercase[index..<index + 4].map(Int.init)
            return (stride(from: run[0], through: run[1], by: run[2]).map { UInt32($0) }, Int32(run[3]))
        }

    /// The difference between lower case and scalar, of each run.
    private static let differences: [Int32] = runs.map(\.difference)

    /// Which run a scalar is of.
    private static let differenceOfScalar = ScalarTable { flat in
        for (index, run) in runs.enumerated() {
            for scalar in run.scalars { flat[Int(scalar)] = UInt16(index) }
        }
    }
}
