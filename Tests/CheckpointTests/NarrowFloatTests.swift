import Testing

@testable import Checkpoint

@Suite("Narrow floats widen exactly")
struct NarrowFloatTests {
    @Test("every float16 becomes the float32 of the same value")
    func allFloat16() {
        for bits in UInt16.min...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let found = Float(float16: bits)
            if expected.isNaN {
                #expect(found.isNaN && found.sign == (bits >> 15 == 1 ? .minus : .plus))
            } else {
                #expect(found.bitPattern == expected.bitPattern, "0x\(String(bits, radix: 16))")
            }
        }
    }

    @Test("every bfloat16 becomes the float32 whose upper half it is")
    func allBFloat16() {
        for bits in UInt16.min...UInt16.max {
            #expect(Float(bfloat16: bits).bitPattern == UInt32(bits) << 16)
        }
    }
}
