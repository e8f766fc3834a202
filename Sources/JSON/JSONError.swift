/// The error of a text that is not JSON or exceeds a limit: its place, what was found there and what was expected.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// The line, from 1 on.
    package let line: Int
    /// The column in bytes, from 1 on.
    package let column: Int
    /// What was found.
    package let found: String
    /// What was expected.
    package let expected: String

    package var description: String {
        "line \(line), column \(column): found \(found), expected \(expected)"
    }
}

/// Limits for the values that a document can make the parser build.
package struct JSONLimits: Sendable, Equatable {
    /// The most nested arrays and objects. The parser recurses once for each, on stacks of at least half a megabyte.
    package var depth = 64
    /// The most values of all kinds. Each takes a few dozen bytes, so a document of `[[],[],…` grows 20-fold.
    package var values = 4_000_000
    /// The most characters of one number. The shortest form of any double needs at most 24.
    package var numberLength = 512

    /// The default limits.
    package init() {}
}

/// Which documents a parser takes for JSON.
package enum JSONDialect: Sendable {
    /// RFC 8259, and each key once.
    case strict
    /// What Python's `json` reads, and therefore writes into a model's folder: also `NaN`, `Infinity` and `-Infinity`,
    /// of equal keys the last one, and half a surrogate pair, which becomes U+FFFD here.
    case python
}
