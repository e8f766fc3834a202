import ModelFiles

/// Walks a tensor's elements in row-major order, wherever its strides put them.
///
/// All elements lie inside of the tensor's storage, and the storage inside of the file: this was checked when the
/// ``StoredTensor`` was made.
struct StoredElements {
    /// Bytes read at a time: enough to make calls rare, and few enough to stay in a core's cache.
    private static let chunkBytes = 64 << 10

    private let tensor: StoredTensor
    private let size: Int

    /// - Precondition: the tensor's elements have a size.
    init(_ tensor: StoredTensor) {
        guard let size = tensor.descriptor.scalarType.byteCount else {
            preconditionFailure("elements of type \(tensor.descriptor.scalarType)")
        }
        self.tensor = tensor
        self.size = size
    }

    /// The bytes of the file from the first element's to the last one's.
    var bytes: Range<Int> {
        let shape = tensor.descriptor.shape
        let start = tensor.storage.lowerBound + tensor.elementOffset * size
        guard !shape.contains(0) else { return start..<start }
        guard let strides = tensor.strides else { return start..<start + shape.reduce(1, *) * size }
        return start..<start + (zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }) * size
    }

    /// Fills `values`, as many as the tensor has, with the elements as `convert` makes them.
    @inline(__always)
    func read<Scalar: BitwiseCopyable, Value: BitwiseCopyable>(
        from file: OpenFile,
        into values: inout MutableSpan<Value>,
        as convert: (Scalar) -> Value
    ) throws(ModelError) {
        precondition(MemoryLayout<Scalar>.size == size)
        // Strided elements are gathered from all bytes at once; others need only a chunk of them at a time.
        let step = tensor.strides == nil ? Self.chunkBytes / size * size : max(bytes.count, 1)
        var chunk = [UInt8](repeating: 0, count: min(step, bytes.count))
        for start in stride(from: bytes.lowerBound, to: bytes.upperBound, by: step) {
            let count = min(step, bytes.upperBound - start)
            try file.read(from: start, count, into: &chunk)
            let elements = unsafe chunk.span.bytes.extracting(first: count)
            if tensor.strides != nil {
                read(from: elements, into: &values, as: convert)
            } else {
                copy(elements, into: &values, at: (start - bytes.lowerBound) / size, as: convert)
            }
        }
    }

    /// Fills `values` with float32 elements, which are read straight into their place.
    func readFloats(from file: OpenFile, into values: inout MutableSpan<Float>) throws(ModelError) {
        guard tensor.strides == nil else { return try read(from: file, into: &values) { (value: Float) in value } }
        var target = unsafe values.mutableBytes
        try file.read(from: bytes.lowerBound, into: &target)
    }

    /// Fills `values` with the elements in `elements`, the contents of ``bytes``.
    @inline(__always)
    func read<Scalar: BitwiseCopyable, Value: BitwiseCopyable>(
        from elements: RawSpan,
        into values: inout MutableSpan<Value>,
        as convert: (Scalar) -> Value
    ) {
        if let strides = tensor.strides {
            gather(from: elements, strides, into: &values, as: convert)
        } else {
            copy(elements, into: &values, at: 0, as: convert)
        }
    }

    @inline(__always)
    private func copy<Scalar: BitwiseCopyable, Value: BitwiseCopyable>(
        _ elements: RawSpan,
        into values: inout MutableSpan<Value>,
        at first: Int,
        as convert: (Scalar) -> Value
    ) {
        let size = MemoryLayout<Scalar>.size
        let count = elements.byteCount / size
        precondition(first + count <= values.count)
        for index in 0..<count {
            // Elements need not be aligned: a header's length can be odd.
            let scalar = unsafe elements.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* size, as: Scalar.self)
            unsafe values[unchecked: first &+ index] = convert(scalar)
        }
    }

    /// The general case: an odometer over all dimensions, its last one turning fastest.
    @inline(__always)
    private func gather<Scalar: BitwiseCopyable, Value: BitwiseCopyable>(
        from elements: RawSpan,
        _ strides: [Int],
        into values: inout MutableSpan<Value>,
        as convert: (Scalar) -> Value
    ) {
        let shape = tensor.descriptor.shape
        var index = [Int](repeating: 0, count: shape.count)
        var element = 0
        for position in 0..<values.count {
            let offset = element * MemoryLayout<Scalar>.size
            values[position] = convert(unsafe elements.unsafeLoadUnaligned(fromByteOffset: offset, as: Scalar.self))
            var dimension = shape.count - 1
            while dimension >= 0 {
                index[dimension] += 1
                element += strides[dimension]
                if index[dimension] < shape[dimension] { break }
                element -= strides[dimension] * shape[dimension]
                index[dimension] = 0
                dimension -= 1
            }
        }
    }
}

extension Float {
    /// The value whose upper half is `bits`: bfloat16 is float32 without the lowest 16 bits of the fraction.
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
        // The multiplication corrects the exponent, also for subnormals, which are subnormals of float32 at this point.
        let rebiased = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let infinityOrNaN: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
        self.init(bitPattern: sign | rebiased | infinityOrNaN)
    }

    /// The value of the 8-bit float `bits` with 5 bits of exponent: the upper half of a binary16 number.
    @inline(__always)
    init(float8e5m2 bits: UInt8) {
        self.init(float16: UInt16(bits) << 8)
    }

    /// The value of the 8-bit float `bits` with 4 bits of exponent, which has no infinity and one NaN.
    @inline(__always)
    init(float8e4m3 bits: UInt8) {
        // In binary16's places the exponent is short by the biases' difference, 15 - 7.
        let half = UInt16(bits & 0x80) << 8 | UInt16(bits & 0x7F) << 7
        self = bits & 0x7F == 0x7F ? .nan : Float(float16: half) * 256
    }
}
