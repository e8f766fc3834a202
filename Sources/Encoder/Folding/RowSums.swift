/// Sums over one row of a matrix of floats, in double precision and always in the same order.
enum RowSums {
    private typealias Floats = SIMD8<Float>
    private typealias Doubles = SIMD8<Double>

    /// The sum of `values` from `start` on times `factors`.
    static func product(_ values: [Float], _ start: Int, _ factors: [Double]) -> Double {
        sum(values, start, factors) { $0 }
    }

    /// The sum of the squares of `values` from `start` on times `factors`.
    static func squares(_ values: [Float], _ start: Int, _ factors: [Double]) -> Double {
        sum(values, start, factors) { $0 * $0 }
    }

    /// Adds the squares of `values` from `start` on, times `factor`, to `sums`, column by column.
    static func addSquares(_ values: [Float], _ start: Int, times factor: Double, to sums: inout [Double]) {
        let count = sums.count
        precondition(start >= 0 && start + count <= values.count)
        let floats = unsafe values.span.bytes
        var span = sums.mutableSpan
        var bytes = unsafe span.mutableBytes
        let whole = count / Doubles.scalarCount * Doubles.scalarCount
        for index in stride(from: 0, to: whole, by: Doubles.scalarCount) {
            let value = Doubles(unsafe floats.unsafeLoadUnaligned(fromByteOffset: (start + index) * 4, as: Floats.self))
            let old = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: Doubles.self)
            bytes.storeBytes(of: old + value * value * factor, toByteOffset: index * 8, as: Doubles.self)
        }
        for index in whole..<count {
            let value = Double(values[start + index])
            sums[index] += value * value * factor
        }
    }

    @inline(__always)
    private static func sum(
        _ values: [Float],
        _ start: Int,
        _ factors: [Double],
        of term: (Doubles) -> Doubles
    ) -> Double {
        let count = factors.count
        precondition(start >= 0 && start + count <= values.count)
        let (floats, doubles) = unsafe (values.span.bytes, factors.span.bytes)
        let whole = count / Doubles.scalarCount * Doubles.scalarCount
        var sums = Doubles.zero
        for index in stride(from: 0, to: whole, by: Doubles.scalarCount) {
            let value = unsafe floats.unsafeLoadUnaligned(fromByteOffset: (start + index) * 4, as: Floats.self)
            let factor = unsafe doubles.unsafeLoadUnaligned(fromByteOffset: index * 8, as: Doubles.self)
            sums += term(Doubles(value) * factor)
        }
        var sum = sums.sum()
        for index in whole..<count {
            sum += term(Doubles(repeating: Double(values[start + index]) * factors[index]))[0]
        }
        return sum
    }
}
