import Foundation

/// Numbers for people.
enum Decimals {
    /// A number with so many digits after the point: `0.9987`.
    static func fixed(_ value: some BinaryFloatingPoint, digits: Int) -> String {
        String(format: "%.\(digits)f", Double(value))
    }
}
