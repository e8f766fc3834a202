/// Walks a tensor's elements in row-major order, wherever its strides put them.
///
/// That all of them lie inside the tensor's storage, and the storage inside the file, was checked when the
/// ``StoredTensor`` was made.
struct StoredElements {
    private let tensor: StoredTensor

    init(_ tensor: StoredTensor) { self.tensor = tensor }

    /// Fills `values`, as many as the tensor has, with the elements as `convert` makes them.
    @inline(__always)
    func read<Scalar: BitwiseCopyable, Value: BitwiseCopyable>(
        from file: RawSpan,
        into values: inout MutableSpan<Value>,
        as convert: (Scalar) -> Value
    ) {
        let size = MemoryLayout<Scalar>.size
        let storage = file.extracting(tensor.storage)
        let start = tensor.elementOffset * size
        if values.isEmpty { return }
        if let strides = tensor.strides {
            gather(from: storage.extracting(droppingFirst: start), strides, into: &values, as: convert)
        } else {
            let elements = storage.extracting(start..<start + values.count * size)
            for index in 0..<values.count {
                // Checked by the extraction above. Elements need not be aligned: a header's length can be odd.
                let scalar = unsafe elements.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: index &* size,
                    as: Scalar.self
                )
                unsafe values[unchecked: index] = convert(scalar)
            }
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
