import ArgumentParser
import Compute
import Encoder
import JSON

/// A batch to measure, by the number of texts and the number of tokens of each; written `8x32`.
struct BenchShape: Sendable, Equatable {
    /// The accepted numbers: more than any figure needs, and small enough that a product of two cannot overflow.
    static let sizes = 1...65_536

    /// The number of texts.
    var texts: Int
    /// The tokens of each text.
    var length: Int

    init(texts: Int, length: Int) {
        self.texts = texts
        self.length = length
    }

    /// Reads a shape; nil unless the name is two numbers with an x between them.
    init?(_ name: some StringProtocol) {
        let parts = name.pieces(separatedBy: "x").map { Int($0) }
        guard parts.count == 2, let texts = parts[0], let length = parts[1],
            Self.sizes.contains(texts), Self.sizes.contains(length)
        else { return nil }
        self.init(texts: texts, length: length)
    }

    var name: String { "\(texts)x\(length)" }
    var tokens: Int { texts * length }
}

/// The shapes of a run, written `1x16,8x32`.
struct BenchShapes: Sendable, Equatable {
    /// The shapes measured by default, from one short request alone to a batch that fills every cache.
    static let standard = BenchShapes(
        shapes: [(1, 16), (1, 128), (8, 32), (32, 32), (8, 128), (32, 128), (4, 512)].map(BenchShape.init)
    )

    var shapes: [BenchShape]

    init(shapes: [BenchShape]) { self.shapes = shapes }

    /// - Throws: `ValidationError`, which names the first item that is not a shape, the expected form and the bounds.
    init(argument: String) throws {
        shapes = try argument.pieces(separatedBy: ",").map { name in
            guard let shape = BenchShape(name) else {
                let (least, most) = (BenchShape.sizes.lowerBound, BenchShape.sizes.upperBound)
                throw ValidationError(
                    "'\(name)' is not a shape: expected texts x tokens, as in 8x32, each from \(least) to \(most)"
                )
            }
            return shape
        }
    }

    /// The shapes in the form of the command line.
    var names: String { shapes.map(\.name).joined(separator: ",") }
}

/// A batch with its division among threads. The division is made before the clock starts.
struct BenchBatch: Sendable {
    /// The division of the work.
    enum Plan: Sendable {
        /// Each thread runs a part of whole texts.
        case apart([Batch<OutputRequest>])
        /// All threads run the whole batch as a team.
        case together(Batch<OutputRequest>)
    }

    /// If the largest part is larger than the mean by more than this factor, the threads run as a team: the other
    /// threads would wait longer for that part than the threads of a team wait for each other.
    private static let largestExcess = 1.1

    let plan: Plan
    let texts: Int
    let tokens: Int

    /// - Parameter texts: token ids of each text, none empty.
    init(_ texts: [[Int32]], request: OutputRequest, threads: Int) {
        let sequences = texts.map { InputSequence(inputIDs: $0, tokenTypeIDs: $0.map { _ in 0 }, task: request) }
        let parts = evenParts(of: sequences.map(\.tokenCount), count: threads)
            .map { part in Batch(part.sorted().map { sequences[$0] }, padTokenID: 0) }
        self.texts = texts.count
        tokens = parts.reduce(0) { $0 + $1.tokenCount }
        let largest = parts.map(\.tokenCount).max() ?? 0
        if Double(largest * threads) <= Self.largestExcess * Double(tokens) {
            plan = .apart(parts)
        } else {
            plan = .together(Batch(sequences, padTokenID: 0))
        }
    }
}

/// Random token ids for timing, the same in every run (SplitMix64).
struct RandomIDs {
    /// The ids to choose from: the published vocabulary without special tokens, unused entries and the rarest words.
    private static let usual = 1_000..<20_000

    private var state: UInt64
    private let ids: Range<Int>

    init(seed: UInt64, vocabularySize: Int) {
        state = seed
        ids = vocabularySize >= Self.usual.upperBound ? Self.usual : 0..<vocabularySize
    }

    mutating func next() -> Int32 { Int32(ids.lowerBound + index(below: ids.count)) }

    /// A number from 0 to below `count`.
    mutating func index(below count: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(count))
    }
}
