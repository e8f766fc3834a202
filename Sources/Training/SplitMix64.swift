#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Steele, Lea and Flood's generator ("Fast splittable pseudorandom number generators", 2014): the same numbers, and
/// by ``shuffle(_:)`` the same orders, with every version of Swift.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The number that follows a state: by itself, a hash whose values for 0, 1, 2… are random.
    static func mix(_ state: UInt64) -> UInt64 {
        var bits = state &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    private mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return Self.mix(state)
    }

    /// A whole number from 0 to below a bound: the high half of a product with it. For the bounds here, its
    /// distribution is uniform to one part in 2^40.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    /// Fisher and Yates's shuffle.
    mutating func shuffle(_ values: inout [Int]) {
        for last in stride(from: values.count - 1, to: 0, by: -1) {
            let other = below(last + 1)
            let value = values[other]
            values[other] = values[last]
            values[last] = value
        }
    }

    /// A number of the standard normal distribution, by Box and Muller's method.
    mutating func normal() -> Double {
        // Above 0, so that the logarithm is finite.
        let radius = (Double(next() >> 11) + 1) * 0x1p-53
        let angle = Double(next() >> 11) * 0x1p-53
        return (-2 * log(radius)).squareRoot() * cos(2 * Double.pi * angle)
    }
}
