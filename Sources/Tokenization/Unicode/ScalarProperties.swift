/// The properties of a scalar that matter to normalization and pre-tokenization. A scalar with none of them is an
/// ordinary character and kept as it is.
struct ScalarProperties: OptionSet, Sendable {
    let rawValue: UInt16

    /// The scalar separates words: White_Space.
    static let whiteSpace = ScalarProperties(rawValue: 1 << 0)
    /// `clean_text` drops the scalar.
    static let removedByCleaning = ScalarProperties(rawValue: 1 << 1)
    /// `handle_chinese_chars` puts spaces around the scalar.
    static let chinese = ScalarProperties(rawValue: 1 << 2)
    /// The scalar is a word of its own to the pre-tokenizer.
    static let punctuation = ScalarProperties(rawValue: 1 << 3)
    /// `strip_accents` drops the scalar after decomposition: category Mn.
    static let nonspacingMark = ScalarProperties(rawValue: 1 << 4)
    /// The scalar has a canonical decomposition.
    static let decomposes = ScalarProperties(rawValue: 1 << 5)
    /// The scalar has a canonical combining class other than 0, so it may change places with its neighbours.
    static let reorders = ScalarProperties(rawValue: 1 << 6)
    /// The scalar's lower case is not itself.
    static let changesWhenLowercased = ScalarProperties(rawValue: 1 << 7)
    /// The scalar matches `\w`.
    static let word = ScalarProperties(rawValue: 1 << 8)

    /// `StripAccents` drops the scalar: the categories M*.
    static let mark = ScalarProperties(rawValue: 1 << 9)
    /// `Digits` splits the scalar off: the categories N*.
    static let numeric = ScalarProperties(rawValue: 1 << 10)

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
        add(.mark, UnicodeTables.marks)
        add(.numeric, UnicodeTables.numbers)
        for index in stride(from: 0, to: UnicodeTables.combiningClasses.count, by: 3) {
            add(.reorders, [UnicodeTables.combiningClasses[index], UnicodeTables.combiningClasses[index + 1]])
        }
        add(.decomposes, [HangulSyllable.first, HangulSyllable.last])
        for scalar in CanonicalDecomposition.decomposingScalars { add(.decomposes, [scalar, scalar]) }
        for scalar in LowercaseMapping.changingScalars { add(.changesWhenLowercased, [scalar, scalar]) }
    }
}

/// A small value for each Unicode scalar, found in two steps: the scalar's block of 128 scalars, then its place in the
/// block.
///
/// Equal blocks are stored once: a table takes 17 KB for its first step, and some tens of KB for the second.
struct ScalarTable: Sendable {
    private static let blockBits: UInt32 = 7
    private static let blockSize = 1 << Int(blockBits)
    private static let scalarCount = 0x110000

    private let blocks: [UInt16]
    private let values: [UInt16]

    /// - Parameter fill: Writes the values into an array that has a 0 for each of the 0x110000 code points.
    init(_ fill: (inout [UInt16]) -> Void) {
        var flat = [UInt16](repeating: 0, count: Self.scalarCount)
        fill(&flat)
        var blocks: [UInt16] = []
        var values: [UInt16] = []
        var known: [ArraySlice<UInt16>: UInt16] = [:]
        var last = flat[0..<0]
        for start in stride(from: 0, to: Self.scalarCount, by: Self.blockSize) {
            let block = flat[start..<start + Self.blockSize]
            // Nearly all blocks are like the one before, and a comparison costs far less than a look-up by 128 values.
            if let index = block == last ? blocks.last : known[block] {
                blocks.append(index)
            } else {
                let index = UInt16(values.count / Self.blockSize)
                known[block] = index
                blocks.append(index)
                values.append(contentsOf: block)
            }
            last = block
        }
        self.blocks = blocks
        self.values = values
    }

    /// The value of a scalar, which must be below 0x110000.
    @inline(__always)
    subscript(scalar: UInt32) -> UInt16 {
        let block = Int(blocks[Int(scalar >> Self.blockBits)])
        return values[block << Int(Self.blockBits) | Int(scalar) & (Self.blockSize - 1)]
    }
}

/// The Unicode data that Hugging Face's `tokenizers` uses, as literals.
///
/// `scripts/make_unicode_tables.py` gets them by observing the library itself. They come from three Unicode versions.
/// None of these is the version of Swift's standard library, so `Unicode.Scalar.Properties` cannot replace them.
enum UnicodeTables {}
