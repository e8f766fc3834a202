extension Checkpoint {
    /// Makes sure that there is a tensor `name` of the given shape, without reading it.
    ///
    /// - Throws: as ``read(_:shape:into:)``, but for types that can't be read.
    package func check(_ name: String, shape: [Int]) throws(CheckpointError) { _ = try locate(name, shape: shape) }

    /// The values of tensor `name`, row-major, which must have the given shape.
    ///
    /// - Throws: as ``read(_:shape:into:)``.
    package func float32(_ name: String, shape: [Int]) throws(CheckpointError) -> [Float] {
        var values = [Float](repeating: 0, count: try locate(name, shape: shape).count)
        var span = values.mutableSpan
        try read(name, shape: shape, into: &span)
        return values
    }

    /// Fills `values` with those of tensor `name`, row-major, which must have the given shape. float16 and bfloat16
    /// become float32 exactly, float64 rounds to the nearest.
    ///
    /// - Precondition: `values` has as many elements as the shape.
    /// - Throws: ``CheckpointError/missingTensor(file:tensor:)``,
    ///   ``CheckpointError/wrongShape(file:tensor:found:expected:)`` or, for integers and unknown types,
    ///   ``CheckpointError/unsupportedScalarType(file:tensor:found:expected:)``.
    package func read(_ name: String, shape: [Int], into values: inout MutableSpan<Float>) throws(CheckpointError) {
        let (tensor, count) = try locate(name, shape: shape)
        precondition(values.count == count, "room for \(values.count) values, but the shape has \(count)")
        let file = files[tensor.file]
        let elements = StoredElements(tensor)
        switch tensor.descriptor.scalarType {
        case .float32: try elements.readFloats(from: file, into: &values)
        case .float16: try elements.read(from: file, into: &values) { Float(float16: $0) }
        case .bfloat16: try elements.read(from: file, into: &values) { Float(bfloat16: $0) }
        case .float64: try elements.read(from: file, into: &values) { (value: Double) in Float(value) }
        default: throw unsupported(tensor, expected: "float32, float16, bfloat16 or float64")
        }
    }

    /// The values of an integer or boolean tensor, as ``read(_:shape:into:)`` gives those of the floating-point ones.
    package func int64(_ name: String, shape: [Int]) throws(CheckpointError) -> [Int64] {
        let (tensor, count) = try locate(name, shape: shape)
        var values = [Int64](repeating: 0, count: count)
        var span = values.mutableSpan
        let file = files[tensor.file]
        let elements = StoredElements(tensor)
        switch tensor.descriptor.scalarType {
        case .int64: try elements.read(from: file, into: &span) { (value: Int64) in value }
        case .int32: try elements.read(from: file, into: &span) { (value: Int32) in Int64(value) }
        case .int16: try elements.read(from: file, into: &span) { (value: Int16) in Int64(value) }
        case .int8: try elements.read(from: file, into: &span) { (value: Int8) in Int64(value) }
        case .uint8: try elements.read(from: file, into: &span) { (value: UInt8) in Int64(value) }
        case .bool: try elements.read(from: file, into: &span) { (value: UInt8) in value == 0 ? 0 : 1 }
        default: throw unsupported(tensor, expected: "int64, int32, int16, int8, uint8 or bool")
        }
        return values
    }

    /// The tensor `name`, if its shape is `shape`, and its count of elements.
    private func locate(_ name: String, shape: [Int]) throws(CheckpointError) -> (tensor: StoredTensor, count: Int) {
        guard let tensor = tensors[name] else { throw .missingTensor(file: source, tensor: name) }
        let file = files[tensor.file].path
        let found = tensor.descriptor.shape
        guard found == shape else {
            throw .wrongShape(file: file, tensor: name, found: found, expected: shape)
        }
        guard let size = tensor.descriptor.scalarType.byteCount else {
            throw unsupported(tensor, expected: "a type that this program knows")
        }
        // A view may repeat a storage's elements (stride 0). Weights do not, and a few bytes must not ask for
        // gigabytes.
        let stored = tensor.storage.count / size
        guard let count = elementCount(of: shape), count <= stored else {
            throw .malformed(
                file: file,
                place: "tensor \(quoted(name))",
                found: "shape \(found)",
                expected: "at most the \(stored) elements of its storage"
            )
        }
        return (tensor, count)
    }

    private func unsupported(_ tensor: StoredTensor, expected: String) -> CheckpointError {
        .unsupportedScalarType(
            file: files[tensor.file].path,
            tensor: tensor.descriptor.name,
            found: tensor.descriptor.scalarType.description,
            expected: expected
        )
    }
}
