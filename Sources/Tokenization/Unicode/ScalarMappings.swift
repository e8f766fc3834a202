/// Full canonical decompositions of single scalars (the mapping of NFD, before reordering) and combining classes.
enum CanonicalDecomposition {
    /// Calls `body` with each scalar of the decomposition of a scalar that ``ScalarProperties/decomposes``.
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

    /// Every scalar with an entry in the tables. Hangul syllables have none.
    static var decomposingScalars: [UInt32] { unpacked.map(\.scalar) }

    /// Every entry of the two literals: the scalar, and the scalars that it becomes.
    private static let unpacked = unpack(
        sequences: UnicodeTables.decompositions,
        singletons: UnicodeTables.singletonDecompositions
    )

    /// Every entry of two literals, one of decompositions to several scalars and one of runs of others.
    fileprivate static func unpack(
        sequences: [UInt32],
        singletons: [UInt32]
    ) -> [(scalar: UInt32, becomes: ArraySlice<UInt32>)] {
        var result: [(scalar: UInt32, becomes: ArraySlice<UInt32>)] = []
        var index = 0
        while index < sequences.count {
            let end = index + 2 + Int(sequences[index + 1])
            result.append((sequences[index], sequences[index + 2..<end]))
            index = end
        }
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
    }

    /// All entries in a row: each is its number of scalars, then the scalars.
    private static let entries: [UInt32] = unpacked.flatMap { [UInt32($0.becomes.count)] + $0.becomes }

    /// The index in `entries` of each scalar's entry.
    private static let entryOfScalar = ScalarTable { flat in
        var place = 0
        for (scalar, becomes) in unpacked {
            flat[Int(scalar)] = UInt16(place)
            place += 1 + becomes.count
        }
    }
}

/// Full compatibility decompositions of single scalars (the mapping of NFKD, before reordering).
enum CompatibilityDecomposition {
    /// Calls `body` with each scalar of a scalar's decomposition. Returns false if the scalar has none, or no other
    /// than its canonical one.
    static func decompose(_ scalar: UInt32, _ body: (UInt32) -> Void) -> Bool {
        guard let parts = entries[scalar] else { return false }
        parts.forEach(body)
        return true
    }

    private static let entries: [UInt32: ArraySlice<UInt32>] = {
        let unpacked = CanonicalDecomposition.unpack(
            sequences: UnicodeTables.compatibilityDecompositions,
            singletons: UnicodeTables.singletonCompatibilityDecompositions
        )
        return Dictionary(uniqueKeysWithValues: unpacked.map { ($0.scalar, $0.becomes) })
    }()
}

/// The compositions of two scalars, as NFC makes them.
enum CanonicalComposition {
    /// The scalar to which two scalars compose; nil if there is none.
    static func compose(_ a: UInt32, _ b: UInt32) -> UInt32? {
        HangulSyllable.compose(a, b) ?? composites[UInt64(a) << 32 | UInt64(b)]
    }

    private static let composites: [UInt64: UInt32] = {
        var composites: [UInt64: UInt32] = [:]
        let table = UnicodeTables.compositions
        for index in stride(from: 0, to: table.count, by: 3) {
            composites[UInt64(table[index]) << 32 | UInt64(table[index + 1])] = table[index + 2]
        }
        return composites
    }()
}

/// Hangul syllables, which decompose and compose by arithmetic (The Unicode Standard, section 3.12).
enum HangulSyllable {
    /// The first syllable, GA.
    static let first: UInt32 = 0xAC00
    /// The last syllable, HIH.
    static let last: UInt32 = 0xD7A3

    private static let leadingBase: UInt32 = 0x1100
    private static let vowelBase: UInt32 = 0x1161
    private static let trailingBase: UInt32 = 0x11A7
    private static let vowelCount: UInt32 = 21
    private static let trailingCount: UInt32 = 28

    /// The syllable of a leading consonant and a vowel, or of a syllable without final consonant and such a consonant;
    /// nil if the scalars are no such pair.
    static func compose(_ a: UInt32, _ b: UInt32) -> UInt32? {
        let leadingCount: UInt32 = 19
        if a >= leadingBase, a < leadingBase + leadingCount, b >= vowelBase, b < vowelBase + vowelCount {
            return first + ((a - leadingBase) * vowelCount + (b - vowelBase)) * trailingCount
        }
        if a >= first, a <= last, (a - first) % trailingCount == 0, b > trailingBase, b < trailingBase + trailingCount {
            return a + (b - trailingBase)
        }
        return nil
    }

    /// Calls `body` with each jamo of a syllable: two, or three if it ends in a consonant.
    static func decompose(_ syllable: UInt32, _ body: (UInt32) -> Void) {
        let index = syllable - first
        body(leadingBase + index / (vowelCount * trailingCount))
        body(vowelBase + index / trailingCount % vowelCount)
        let trailing = index % trailingCount
        if trailing != 0 { body(trailingBase + trailing) }
    }
}

/// The lower case of single scalars without context, as Rust's `char::to_lowercase` gives it.
enum LowercaseMapping {
    /// U+0130, capital I with a dot: the only scalar whose lower case has two scalars.
    private static let capitalIWithDot: UInt32 = 0x130

    /// Calls `body` with the one or two scalars of a scalar's lower case. The scalar must be one that
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

    /// Every scalar whose lower case is not itself.
    static var changingScalars: [UInt32] { runs.flatMap(\.scalars) + [capitalIWithDot] }

    private static let runs: [(scalars: [UInt32], difference: Int32)] =
        stride(from: 0, to: UnicodeTables.lowercase.count, by: 4).map { index in
            let run = UnicodeTables.lowercase[index..<index + 4].map(Int.init)
            return (stride(from: run[0], through: run[1], by: run[2]).map { UInt32($0) }, Int32(run[3]))
        }

    /// The difference between lower case and scalar for each run.
    private static let differences: [Int32] = runs.map(\.difference)

    /// The index of each scalar's run.
    private static let differenceOfScalar = ScalarTable { flat in
        for (index, run) in runs.enumerated() {
            for scalar in run.scalars { flat[Int(scalar)] = UInt16(index) }
        }
    }
}
