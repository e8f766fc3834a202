extension Float {
    /// The value whose upper half `bits` are: bfloat16 is float32 with 16 bits of fraction less.
    @inline(__always)
    init(bfloat16 bits: UInt16) {
        self.init(bitPattern: UInt32(bits) << 16)
    }

    /// The value of the IEEE 754 binary16 number `bits`, exactly, subnormals, infinities and NaN payloads included.
    ///
    /// Branch-free, so that a loop over it becomes SIMD code: `Float(Float16)` calls a function for each element on
    /// CPUs that the compiler may not assume to have F16C.
    @inline(__always)
    init(float16 bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7FFF) << 13
        // Exponent and fraction are in float32's places now, the exponent short by the biases' difference, 127 - 15.
        // Multiplying mends that for subnormals too, which float32 has as subnormals at this point.
        let rebiased = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let infinityOrNaN: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
        self.init(bitPattern: sign | rebiased | infinityOrNaN)
    }
}
