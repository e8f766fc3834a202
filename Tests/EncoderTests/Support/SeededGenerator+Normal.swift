import TestSupport

extension SeededGenerator {
    /// A number around 0 with the variance 1: the sum of twelve uniform ones.
    mutating func normal() -> Float {
        (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &self) }
    }
}
