/// Text that is not JSON, or is more than a limit allows: where, what stood there and what was expected.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// 1-based.
    package let line: Int
    /// 1-based, in bytes.
    package let column: Int
    /// What stood there.
    package let found: String
    /// What should have stood there.
    package let expected: String

    package var description: String {
        "line \(line), column \(column): found \(found), expected \(expected)"
    }
}

/// How much a document may make the parser build.
package struct JSONLimits: Sendable, Equatable {
    /// Nested arrays and objects; the parser recurses once for each, on stacks of half a megabyte and more.
    package var depth = 64
    /// Values of all kinds. Each takes a few dozen bytes, so a document of `[[],[],…` grows 20-fold.
    package var values = 4_000_000
    /// Characters of one number; the shortest form of any double needs 24.
    package var numberLength = 512

    /// The default limits.
    package init() {}
}
