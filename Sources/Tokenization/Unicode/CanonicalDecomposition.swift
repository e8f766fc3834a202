/// Full canonical decomposition of single scalars (the mapping of NFD, before reordering) and combining classes.
enum CanonicalDecomposition {
    /// Calls `body` with what a scalar that ``ScalarProperties/decomposes`` becomes, one scalar at a time.
    static func decompose(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        if scalar >= HangulSyllable.first && scalar <= HangulSyllable.last {
            HangulSyllable.decompose(scalar, body)
            return
        }
        let entry = Int(entryOfScalar[scalar])
        for index in entry + 1..<entry + 1 + Int(entries[entry]) { body(entries[index]) }
    }

    /// The canonical combining class of a scalar.
    static func combiningClass(of scalar: UInt32) -> UInt8 {
        let runs = UnicodeTables.combiningClasses
        var low = 0
        var high = runs.count / 3
        while low < high {
            let middle = (low + high) / 2
            if scalar > runs[3 * middle + 1] {
                low = middle + 1
            } else if scalar < runs[3 * middle] {
                high = middle
            } else {
                return UInt8(truncatingIfNeeded: runs[3 * middle + 2])
            }
        }
        return 0
    }

    /// Every scalar that has an entry in the tables; Hangul syllables have none.
    static var decomposingScalars: [UInt32] { unpacked.map(\.scalar) }

    /// (scalar, what it becomes) of every entry of the two literals.
    private static let unpacked: [(scalar: UInt32, becomes: ArraySlice<UInt32>)] = {
        var result: [(scalar: UInt32, becomes: ArraySlice<UInt32>)] = []
        let sequences = UnicodeTables.decompositions
        var index = 0
        while index < sequences.count {
            let end = index + 2 + Int(sequences[index + 1])
            result.append((sequences[index], sequences[index + 2..<end]))
            index = end
        }
        let singletons = UnicodeTables.singletonDecompositions
        index = 0
        while index < singletons.count {
            let count = Int(singletons[index + 1])
            for offset in 0..<count {
                let place = index + 2 + offset
                result.append((singletons[index] + UInt32(offset), singletons[place...place]))
            }
            index += 2 + count
        }
        return result
    }()

    /// For each entry its number of scalars, then the scalars.
    private static let entries: [UInt32] = unpacked.flatMap { [UInt32($0.becomes.count)] + $0.becomes }

    /// Where in `entries` a scalar's is.
    private static let entryOfScalar = ScalarTable { flat in
        var place = 0
        for (scalar, becomes) in unpacked {
            flat[Int(scalar)] = UInt16(place)
            place += 1 + becomes.count
        }
    }
}
