/// The shortest decimal digits of a float: the shortest of all decimal numbers that read back as the same Float, and
/// the nearest one if several are equally short.
///
/// After Raffaello Giulietti, "The Schubfach way to render doubles" (2020), for 24-bit significands: the float and the
/// ends of the interval that rounds to it are scaled by a power of ten, so that at most one or two integers of the
/// shortest length can lie inside. 64 bits of the power and two sticky bits of each product are enough to decide.
struct DecimalFloat {
    /// The digits as a number, without trailing zeros; 0 only for zero.
    var digits: UInt32
    /// The power of ten by which the digits are multiplied.
    var exponent: Int

    /// - Precondition: `magnitude` is finite, not negative and not zero.
    init(magnitude: Float) {
        let fraction = magnitude.bitPattern & 0x7f_ffff
        let biased = Int(magnitude.bitPattern >> 23)
        // magnitude = significand * 2^scale
        let significand = biased == 0 ? fraction : fraction | 0x80_0000
        let scale = max(biased, 1) - 150
        // The next float below a power of two is nearer than the next one above it.
        let isBelowNearer = fraction == 0 && biased > 1

        // floor(log10 of the interval's width)
        let k = (scale * 1_262_611 - (isBelowNearer ? 524_031 : 0)) >> 22
        let power = Self.powers[-k - Self.lowestPower]
        // The digits and two more bits remain left of the binary point.
        let shift = UInt32(truncatingIfNeeded: scale + ((-k * 1_741_647) >> 19) + 1)
        let middle = Self.scaled((4 * significand) &<< shift, by: power)
        var lower = Self.scaled((4 * significand - (isBelowNearer ? 1 : 2)) &<< shift, by: power)
        var upper = Self.scaled((4 * significand + 2) &<< shift, by: power)
        // The ends of the interval round to the float only if its significand is even.
        lower &+= significand & 1
        upper &-= significand & 1
        digits = 0
        exponent = 0
        choose(middle: middle, within: lower, upper, k)
    }

    /// Chooses an integer near `middle / 4` that lies within the interval, preferably a multiple of ten.
    ///
    /// The right choice differs from float to float, so a CPU would mispredict a branch. All choices are computed as
    /// bits instead. `middle / 4` is below 10 * 2^24, since the interval is narrower than ten units.
    private mutating func choose(middle: UInt32, within lower: UInt32, _ upper: UInt32, _ k: Int) {
        let whole = middle >> 2
        let isLowerIn = Self.isOrdered(lower, 4 &* whole)
        let isUpperIn = Self.isOrdered(4 &* whole &+ 4, upper)
        let half = 4 &* whole &+ 2
        let roundsUp = Self.isOrdered(half &+ 1, middle) | Self.isOrdered(half, middle) & whole
        let isOneIn = isLowerIn ^ isUpperIn
        let nearest = whole &+ (isOneIn & isUpperIn | ~isOneIn & roundsUp & 1)

        let tenth = whole / 10
        let isLowerTenIn = Self.isOrdered(lower, 40 &* tenth)
        let isUpperTenIn = Self.isOrdered(40 &* tenth &+ 40, upper)
        let isTenIn = (isLowerTenIn ^ isUpperTenIn) & Self.isOrdered(10, whole)
        let mask = 0 &- isTenIn
        digits = nearest & ~mask | (tenth &+ isUpperTenIn) & mask
        exponent = k + Int(isTenIn)
        while digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
    }

    /// 1 if the first number is not above the second one, else 0. Both are below 2^31.
    private static func isOrdered(_ first: UInt32, _ second: UInt32) -> UInt32 { ~(second &- first) >> 31 }

    /// The upper part of the product. Its last bit is set if any bits below it were cut off.
    private static func scaled(_ value: UInt32, by power: UInt64) -> UInt32 {
        let product = power.multipliedFullWidth(by: UInt64(value))
        let cut = UInt32(truncatingIfNeeded: product.low >> 32)
        return UInt32(truncatingIfNeeded: product.high) | isOrdered(1, cut >> 1)
    }

    private static let lowestPower = -31

    /// The 64 leading bits of 10^-31 to 10^45, rounded up.
    private static let powers: [UInt64] = [
        0x81ce_b32c_4b43_fcf5, 0xa242_5ff7_5e14_fc32, 0xcad2_f7f5_359a_3b3f, 0xfd87_b5f2_8300_ca0e,
        0x9e74_d1b7_91e0_7e49, 0xc612_0625_7658_9ddb, 0xf796_87ae_d3ee_c552, 0x9abe_14cd_4475_3b53,
        0xc16d_9a00_9592_8a28, 0xf1c9_0080_baf7_2cb2, 0x971d_a050_74da_7bef, 0xbce5_0864_9211_1aeb,
        0xec1e_4a7d_b695_61a6, 0x9392_ee8e_921d_5d08, 0xb877_aa32_36a4_b44a, 0xe695_94be_c44d_e15c,
        0x901d_7cf7_3ab0_acda, 0xb424_dc35_095c_d810, 0xe12e_1342_4bb4_0e14, 0x8cbc_cc09_6f50_88cc,
        0xafeb_ff0b_cb24_aaff, 0xdbe6_fece_bded_d5bf, 0x8970_5f41_36b4_a598, 0xabcc_7711_8461_cefd,
        0xd6bf_94d5_e57a_42bd, 0x8637_bd05_af6c_69b6, 0xa7c5_ac47_1b47_8424, 0xd1b7_1758_e219_652c,
        0x8312_6e97_8d4f_df3c, 0xa3d7_0a3d_70a3_d70b, 0xcccc_cccc_cccc_cccd, 0x8000_0000_0000_0000,
        0xa000_0000_0000_0000, 0xc800_0000_0000_0000, 0xfa00_0000_0000_0000, 0x9c40_0000_0000_0000,
        0xc350_0000_0000_0000, 0xf424_0000_0000_0000, 0x9896_8000_0000_0000, 0xbebc_2000_0000_0000,
        0xee6b_2800_0000_0000, 0x9502_f900_0000_0000, 0xba43_b740_0000_0000, 0xe8d4_a510_0000_0000,
        0x9184_e72a_0000_0000, 0xb5e6_20f4_8000_0000, 0xe35f_a931_a000_0000, 0x8e1b_c9bf_0400_0000,
        0xb1a2_bc2e_c500_0000, 0xde0b_6b3a_7640_0000, 0x8ac7_2304_89e8_0000, 0xad78_ebc5_ac62_0000,
        0xd8d7_26b7_177a_8000, 0x8786_7832_6eac_9000, 0xa968_163f_0a57_b400, 0xd3c2_1bce_cced_a100,
        0x8459_5161_4014_84a0, 0xa56f_a5b9_9019_a5c8, 0xcecb_8f27_f420_0f3a, 0x813f_3978_f894_0985,
        0xa18f_07d7_36b9_0be6, 0xc9f2_c9cd_0467_4edf, 0xfc6f_7c40_4581_2297, 0x9dc5_ada8_2b70_b59e,
        0xc537_1912_364c_e306, 0xf684_df56_c3e0_1bc7, 0x9a13_0b96_3a6c_115d, 0xc097_ce7b_c907_15b4,
        0xf0bd_c21a_bb48_db21, 0x9676_9950_b50d_88f5, 0xbc14_3fa4_e250_eb32, 0xeb19_4f8e_1ae5_25fe,
        0x92ef_d1b8_d0cf_37bf, 0xb7ab_c627_0503_05ae, 0xe596_b7b0_c643_c71a, 0x8f7e_32ce_7bea_5c70,
        0xb35d_bf82_1ae4_f38c,
    ]
}

extension DecimalFloat {
    /// The bytes of the longest text, such as -1.00000075e-36. Nothing is written beyond them.
    static let maxBytes = 15

    /// Writes a float as Swift's `description` does: with an exponent below 0.0001 and above 2^24, where a Float cannot
    /// represent every integer. It must be finite.
    ///
    /// - Returns: The index after it.
    static func write(_ value: Float, to text: inout MutableRawSpan, at start: Int) -> Int {
        precondition(value.isFinite, "a number that JSON cannot write")
        text.storeBytes(of: UInt8(ascii: "-"), toByteOffset: start, as: UInt8.self)
        var at = start + Int(value.bitPattern >> 31)
        guard value != 0 else {
            text.storeBytes(of: zeros, toByteOffset: at, as: UInt64.self)
            return at + 3
        }
        let decimal = DecimalFloat(magnitude: value.magnitude)
        let count = digitCount(decimal.digits)
        let point = count + decimal.exponent
        let digits = ASCIIDigits(UInt64(decimal.digits) &* powersOfTen[9 - count])
        guard point > -4, value.magnitude <= 0x1p24 else {
            digits.write(pointAfter: 1, to: &text, at: at)
            return writeExponent(point - 1, to: &text, at: count > 1 ? at + count + 1 : at + 1)
        }
        if point > 0 {
            digits.write(pointAfter: point, to: &text, at: at)
            return at + max(count, point + 1) + 1
        }
        // The zeros of 0.000, of which the digits cover those that are too many.
        text.storeBytes(of: zeros, toByteOffset: at, as: UInt64.self)
        at += 2 - point
        digits.write(to: &text, at: at)
        return at + count
    }

    /// "0.000000"
    private static let zeros = UInt64(littleEndian: 0x3030_3030_3030_2E30)

    /// Writes e-05, for instance.
    private static func writeExponent(_ exponent: Int, to text: inout MutableRawSpan, at start: Int) -> Int {
        let sign = exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
        let (tens, ones) = exponent.magnitude.quotientAndRemainder(dividingBy: 10)
        let bytes =
            UInt32(UInt8(ascii: "e")) | UInt32(sign) << 8 | UInt32(0x30 + tens) << 16 | UInt32(0x30 + ones) << 24
        text.storeBytes(of: bytes.littleEndian, toByteOffset: start, as: UInt32.self)
        return start + 4
    }

    /// 1 to 10^8.
    private static let powersOfTen: [UInt64] = [1, 10, 100, 1000, 10000, 100_000, 1_000_000, 10_000_000, 100_000_000]

    /// The number of digits of a number of at most nine digits, which is not 0.
    private static func digitCount(_ number: UInt32) -> Int {
        // 1233 / 4096 is log10(2), rounded up in the fourth digit.
        let estimate = ((32 - number.leadingZeroBitCount) * 1233) >> 12
        return estimate < 9 && UInt64(number) >= powersOfTen[estimate] ? estimate + 1 : estimate
    }
}

/// Nine decimal digits as text, all computed at once: a number is halved into digits in parts of one word.
private struct ASCIIDigits {
    private let first: UInt8
    /// The digits after the first one, the first of them in the lowest byte.
    private let others: UInt64

    /// - Precondition: the number is below 10^9.
    init(_ number: UInt64) {
        first = UInt8(truncatingIfNeeded: number / 100_000_000) &+ UInt8(ascii: "0")
        let eight = number % 100_000_000
        // Two parts of 32 bits with four digits each, then four of 16 bits with two, then eight of 8 bits with one.
        let fours = eight / 10_000 | (eight % 10_000) << 32
        let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- 100 &* hundreds) << 16
        let tens = ((twos &* 103) >> 10) & 0x000F_000F_000F_000F
        others = (tens | (twos &- 10 &* tens) << 8) | 0x3030_3030_3030_3030
    }

    /// Writes all nine.
    func write(to text: inout MutableRawSpan, at start: Int) {
        text.storeBytes(of: first, toByteOffset: start, as: UInt8.self)
        text.storeBytes(of: others.littleEndian, toByteOffset: start + 1, as: UInt64.self)
    }

    /// Writes all nine, with a point after the first `whole` of them, which are one to eight.
    func write(pointAfter whole: Int, to text: inout MutableRawSpan, at start: Int) {
        let digits = UInt64(first) | others << 8
        text.storeBytes(of: digits.littleEndian, toByteOffset: start, as: UInt64.self)
        text.storeBytes(of: UInt8(ascii: "."), toByteOffset: start + whole, as: UInt8.self)
        let fraction = (others >> (8 * UInt64(whole - 1))).littleEndian
        if whole <= 4 {
            text.storeBytes(of: fraction, toByteOffset: start + whole + 1, as: UInt64.self)
        } else {
            let four = UInt32(truncatingIfNeeded: UInt64(littleEndian: fraction)).littleEndian
            text.storeBytes(of: four, toByteOffset: start + whole + 1, as: UInt32.self)
        }
    }
}
