/// Elementary functions on sixteen floats at once, without branches and without fused multiply-add, which the baseline
/// instruction set lacks. NaN in, NaN out, lane by lane. Tests hold the stated errors against Foundation's
/// doubles over each function's whole range.
enum VectorMath {
    /// e^x with a relative error under 2e-7; 0 below -87 (where floats become subnormal), saturating at e^88.
    ///
    /// Cody and Waite's reduction x = n ln 2 + r with the minimax polynomial of Moshier's Cephes `expf`.
    @inline(__always)
    static func exp(_ x: FloatVector) -> FloatVector {
        let limited = x.replacing(with: 88, where: x .> 88)
        // Adding 1.5 * 2^23 rounds to the nearest integer n and leaves n in the sum's low bits.
        let rounding: Float = 12_582_912
        let shifted = limited * 1.442_695_04 + rounding
        let n = shifted - rounding
        let r = (limited - n * 0.693_359_375) + n * 2.121_944_4e-4
        var series = r * 1.987_569_1e-4 + 1.398_199_9e-3
        series = series * r + 8.333_452e-3
        series = series * r + 4.166_579_6e-2
        series = series * r + 1.666_666_5e-1
        series = series * r + 0.5
        let fraction = series * (r * r) + r + 1
        let exponent = (bits(shifted) &<< 23) &+ 0x3F80_0000
        return (fraction * floats(exponent)).replacing(with: 0, where: limited .< -87)
    }

    /// 1 / (1 + e^-x), with an absolute error under 1.2e-7.
    @inline(__always)
    static func sigmoid(_ x: FloatVector) -> FloatVector {
        1 / (exp(-x) + 1)
    }

    /// ln(1 + e^x), with a relative error under 4e-7: max(x, 0) + ln(1 + e^-|x|).
    ///
    /// The logarithm is twice the series of artanh z for z = e^-|x| / (e^-|x| + 2), which is at most 1/3.
    @inline(__always)
    static func softplus(_ x: FloatVector) -> FloatVector {
        let small = exp(-abs(x))
        let z = small / (small + 2)
        let square = z * z
        var series = square * 0.076_923_08 + 0.090_909_09
        series = series * square + 0.111_111_11
        series = series * square + 0.142_857_14
        series = series * square + 0.2
        series = series * square + 0.333_333_33
        series = series * square + 1
        return x.replacing(with: 0, where: x .< 0) + 2 * z * series
    }

    /// tanh x, with a relative error under 4e-7.
    ///
    /// Near zero Cephes' odd polynomial, elsewhere 1 - 2 / (e^2|x| + 1) with the sign of x.
    @inline(__always)
    static func tanh(_ x: FloatVector) -> FloatVector {
        let magnitude = abs(x)
        let tail = 1 - 2 / (exp(magnitude + magnitude) + 1)
        let signedTail = tail.replacing(with: -tail, where: x .< 0)
        let square = x * x
        var series = square * -5.704_988_7e-3 + 2.063_908_9e-2
        series = series * square - 5.373_971_6e-2
        series = series * square + 1.333_144_2e-1
        series = series * square - 3.333_328_2e-1
        return signedTail.replacing(with: series * square * x + x, where: magnitude .< 0.625)
    }

    /// Half of erfc(|x| / sqrt 2), the upper tail of the normal distribution. Its absolute error is under 2e-7. Its
    /// relative error grows as x^2, because of the rounding of the exponent.
    ///
    /// e^(-z^2) t P(t) with t = 1 / (1 + 0.4 z), the form of Abramowitz and Stegun 7.1.26; P is a minimax fit of
    /// degree 8 made for this file (relative error 5.8e-8 before rounding).
    @inline(__always)
    static func normalTail(_ x: FloatVector) -> FloatVector {
        let z = abs(x) * 0.707_106_77
        let t = 1 / (z * 0.4 + 1)
        var series = t * 0.040_274_82 - 0.135_506_3
        series = series * t + 0.073_913_924
        series = series * t + 0.099_648_77
        series = series * t + 0.071_563_08
        series = series * t + 0.196_940_2
        series = series * t + 0.200_964_28
        series = series * t + 0.226_574_94
        series = series * t + 0.225_626_43
        return series * t * exp(x * x * -0.5) * 0.5
    }

    /// The normal distribution function: (1 + erf(x / sqrt 2)) / 2.
    @inline(__always)
    static func normalDistribution(_ x: FloatVector) -> FloatVector {
        let tail = normalTail(x)
        return (1 - tail).replacing(with: tail, where: x .< 0)
    }

    /// The nearest bfloat16 numbers, ties to the even one; NaN stays NaN.
    @inline(__always)
    static func bfloat16(_ x: FloatVector) -> SIMD16<UInt16> {
        let word = bits(x)
        let upper = word &>> 16
        let rounded = (word &+ 0x7FFF &+ (upper & 1)) &>> 16
        return SIMD16<UInt16>(truncatingIfNeeded: rounded.replacing(with: upper | 0x40, where: x .!= x))
    }

    /// |x|.
    @inline(__always)
    static func abs(_ x: FloatVector) -> FloatVector {
        floats(bits(x) & 0x7FFF_FFFF)
    }

    @inline(__always)
    private static func bits(_ x: FloatVector) -> SIMD16<UInt32> {
        unsafe unsafeBitCast(x, to: SIMD16<UInt32>.self)
    }

    @inline(__always)
    private static func floats(_ x: SIMD16<UInt32>) -> FloatVector {
        unsafe unsafeBitCast(x, to: FloatVector.self)
    }
}
