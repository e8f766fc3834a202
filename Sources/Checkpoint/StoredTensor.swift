/// The place of a tensor's elements in a file. The code that makes one checks that all elements lie inside of the file.
struct StoredTensor: Sendable {
    let descriptor: TensorDescriptor
    /// Index of the file in the checkpoint's list.
    var file = 0
    /// Bytes of the storage that the elements are part of: the tensor's own bytes in safetensors, the whole of a
    /// possibly shared storage in a PyTorch file.
    let storage: Range<Int>
    /// Elements between the storage's start and the tensor's first.
    var elementOffset = 0
    /// Elements from one index to the next, for each dimension; nil when the elements are row-major without gaps.
    var strides: [Int]?
}

/// The product of `shape`, or nil when it does not fit.
func elementCount(of shape: [Int]) -> Int? {
    if shape.contains(0) { return 0 }
    var count = 1
    for dimension in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        if overflow || dimension < 0 { return nil }
        count = product
    }
    return count
}

/// Name, type and shape of a tensor.
package struct TensorDescriptor: Sendable, Hashable {
    /// The key, with whatever prefix the model's class gave it.
    package let name: String
    /// The type in the file; reading converts it.
    package let scalarType: ScalarType
    /// Dimensions, outermost first; empty for a scalar.
    package let shape: [Int]
}

/// The element type of a stored tensor.
package enum ScalarType: Sendable, Hashable {
    case float64, float32, float16, bfloat16
    /// Floats of 8 bits with 4 bits of exponent and 3 of fraction (PyTorch's `float8_e4m3fn`), or with 5 and 2.
    case float8e4m3, float8e5m2
    case int64, int32, int16, int8
    case uint64, uint32, uint16, uint8
    case bool
    /// A type that this program cannot read, with the name that the file gives it. Only reading such a tensor is an
    /// error.
    case other(String)

    /// Bytes that one element takes in a file; nil for ``other(_:)``.
    package var byteCount: Int? {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool, .float8e4m3, .float8e5m2: 1
        case .other: nil
        }
    }

    /// The type that safetensors calls `name`.
    init(safetensorsName name: String) {
        self = Self.bySafetensorsName[name] ?? .other(name)
    }

    /// The name of the type in safetensors.
    var safetensorsName: String {
        if case .other(let name) = self { return name }
        return Self.bySafetensorsName.first { $0.value == self }?.key ?? description
    }

    private static let bySafetensorsName: [String: ScalarType] = [
        "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16,
        "I64": .int64, "I32": .int32, "I16": .int16, "I8": .int8,
        "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8,
        "BOOL": .bool, "F8_E4M3": .float8e4m3, "F8_E5M2": .float8e5m2,
    ]
}

extension ScalarType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .float64: "float64"
        case .float32: "float32"
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .float8e4m3: "float8_e4m3fn"
        case .float8e5m2: "float8_e5m2"
        case .int64: "int64"
        case .int32: "int32"
        case .int16: "int16"
        case .int8: "int8"
        case .uint64: "uint64"
        case .uint32: "uint32"
        case .uint16: "uint16"
        case .uint8: "uint8"
        case .bool: "bool"
        case .other(let name): name
        }
    }
}
