import ArgumentParser

/// A batch to measure: so many texts of so many tokens each, written `8x32`.
struct BenchShape: Sendable, Equatable {
    /// More tokens than any figure needs, few enough that their number cannot overflow.
    static let sizes = 1...65_536

    /// Texts.
    var rows: Int
    /// Tokens of each.
    var length: Int

    init(rows: Int, length: Int) {
        self.rows = rows
        self.length = length
    }

    /// Nil for what isn't two numbers with an x between them.
    init?(_ name: some StringProtocol) {
        let parts = name.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let rows = parts[0], let length = parts[1],
            Self.sizes.contains(rows), Self.sizes.contains(length)
        else { return nil }
        self.init(rows: rows, length: length)
    }

    var name: String { "\(rows)x\(length)" }
    var tokens: Int { rows * length }
}

/// The shapes of a run, written `1x16,8x32`.
struct BenchShapes: Sendable, Equatable {
    /// From one short request alone to what fills every cache.
    static let standard = BenchShapes(
        shapes: [(1, 16), (1, 128), (8, 32), (32, 32), (8, 128), (32, 128), (4, 512)].map(BenchShape.init)
    )

    var shapes: [BenchShape]

    init(shapes: [BenchShape]) { self.shapes = shapes }

    /// - Throws: `ValidationError`, which names the first that is none, the form and the bounds.
    init(argument: String) throws {
        shapes = try argument.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let shape = BenchShape(name) else {
                let (least, most) = (BenchShape.sizes.lowerBound, BenchShape.sizes.upperBound)
                throw ValidationError(
                    "'\(name)' is no shape: expected texts x tokens, as in 8x32, each from \(least) to \(most)"
                )
            }
            return shape
        }
    }

    /// As on the command line.
    var names: String { shapes.map(\.name).joined(separator: ",") }
}
