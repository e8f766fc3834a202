/// What normalization and pre-tokenization ask about a scalar. An empty set: an ordinary character, kept as it is.
struct ScalarProperties: OptionSet, Sendable {
    let rawValue: UInt16

    /// Splits words: White_Space.
    static let whiteSpace = ScalarProperties(rawValue: 1 << 0)
    /// Dropped by `clean_text`.
    static let removedByCleaning = ScalarProperties(rawValue: 1 << 1)
    /// Gets spaces around it from `handle_chinese_chars`.
    static let chinese = ScalarProperties(rawValue: 1 << 2)
    /// A word of its own to the pre-tokenizer.
    static let punctuation = ScalarProperties(rawValue: 1 << 3)
    /// Dropped by `strip_accents` after decomposition: category Mn.
    static let nonspacingMark = ScalarProperties(rawValue: 1 << 4)
    /// Has a canonical decomposition.
    static let decomposes = ScalarProperties(rawValue: 1 << 5)
    /// Has a canonical combining class other than 0, so that it may change places with its neighbours.
    static let reorders = ScalarProperties(rawValue: 1 << 6)
    /// Has a lower case other than itself.
    static let changesWhenLowercased = ScalarProperties(rawValue: 1 << 7)
    /// Matches `\w`.
    static let word = ScalarProperties(rawValue: 1 << 8)

    /// The properties of a scalar.
    @inline(__always)
    init(of scalar: UInt32) {
        rawValue = Self.table[scalar]
    }

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    private static let table = ScalarTable { flat in
        func add(_ property: ScalarProperties, _ runs: [UInt32]) {
            for index in stride(from: 0, to: runs.count, by: 2) {
                for scalar in runs[index]...runs[index + 1] { flat[Int(scalar)] |= property.rawValue }
            }
        }
        add(.whiteSpace, UnicodeTables.whiteSpace)
        add(.removedByCleaning, UnicodeTables.removedByCleaning)
        add(.chinese, UnicodeTables.chinese)
        add(.punctuation, UnicodeTables.punctuation)
        add(.nonspacingMark, UnicodeTables.nonspacingMarks)
        add(.word, UnicodeTables.wordCharacters)
        for index in stride(from: 0, to: UnicodeTables.combiningClasses.count, by: 3) {
            add(.reorders, [UnicodeTables.combiningClasses[index], UnicodeTables.combiningClasses[index + 1]])
        }
        add(.decomposes, [HangulSyllable.first, HangulSyllable.last])
        for scalar in CanonicalDecomposition.decomposingScalars { add(.decomposes, [scalar, scalar]) }
        for scalar in LowercaseMapping.changingScalars { add(.changesWhenLowercased, [scalar, scalar]) }
    }
}
