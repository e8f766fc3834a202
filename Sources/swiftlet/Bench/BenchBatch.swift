import Encoder

/// Texts of one batch as token ids, and how threads go about them, which is settled before the clock starts.
struct BenchBatch: Sendable {
    /// How the work is divided.
    enum Plan: Sendable {
        /// A part of whole texts for each thread.
        case apart([EncoderBatch])
        /// All threads run the whole batch as a team.
        case together(EncoderBatch)
    }

    /// With parts this much larger than a fair share the other threads wait longer than a team's members would.
    private static let largestExcess = 1.1

    let plan: Plan
    let rows: Int
    let tokens: Int

    /// - Parameter texts: token ids of each text, none empty.
    init(_ texts: [[Int32]], threads: Int) {
        rows = texts.count
        tokens = texts.reduce(0) { $0 + $1.count }
        let lengths = texts.map(\.count)
        let parts = Self.share(lengths, among: threads)
        let largest = parts.map { part in part.reduce(0) { $0 + lengths[$1] } }.max() ?? 0
        if Double(largest * threads) <= Self.largestExcess * Double(tokens) {
            plan = .apart(parts.map { part in Self.padded(part.map { texts[$0] }) })
        } else {
            plan = .together(Self.padded(texts))
        }
    }

    /// Which texts go to which part: the longest first, each to the part that has the fewest tokens so far.
    static func share(_ lengths: [Int], among count: Int) -> [[Int]] {
        var parts = [[Int]](repeating: [], count: count)
        var sums = [Int](repeating: 0, count: count)
        // Ties stay in order, so that the same texts are always shared out in the same way.
        let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        for index in order {
            let least = sums.indices.min { sums[$0] < sums[$1] } ?? 0
            parts[least].append(index)
            sums[least] += lengths[index]
        }
        return parts.map { $0.sorted() }
    }

    private static func padded(_ texts: [[Int32]]) -> EncoderBatch {
        let length = texts.map(\.count).max() ?? 0
        var ids: [Int32] = []
        var mask: [UInt8] = []
        for text in texts {
            ids += text + repeatElement(0, count: length - text.count)
            mask += repeatElement(1, count: text.count)
            mask += repeatElement(0, count: length - text.count)
        }
        return EncoderBatch(
            rows: texts.count,
            length: length,
            inputIDs: ids,
            tokenTypeIDs: Array(repeating: 0, count: ids.count),
            attentionMask: mask
        )
    }
}

/// Token ids that are as good as any for timing, and the same in every run: SplitMix64.
struct RandomIDs {
    /// Of the published vocabulary, without special tokens, unused entries and the rarest words.
    private static let usual = 1_000..<20_000

    private var state: UInt64
    private let ids: Range<Int>

    init(seed: UInt64, vocabularySize: Int) {
        state = seed
        ids = vocabularySize >= Self.usual.upperBound ? Self.usual : 0..<vocabularySize
    }

    mutating func next() -> Int32 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Int32(ids.lowerBound + Int(mixed % UInt64(ids.count)))
    }
}
