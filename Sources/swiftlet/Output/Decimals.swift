import Foundation

/// Numbers for people.
enum Decimals {
    /// A number with four digits that count: `0.3594`, `2.783`, `1e-04`.
    static func significant(_ value: Double) -> String { String(format: "%.4g", value) }

    /// A number with so many digits after the point: `0.9987`.
    static func fixed(_ value: some BinaryFloatingPoint, digits: Int) -> String {
        String(format: "%.\(digits)f", Double(value))
    }
}
