@testable import Checkpoint
@testable import ModelFiles

/// What the error that `body` throws says; nil when it throws none.
func message(_ body: () throws -> Void) throws -> String? {
    do {
        try body()
        return nil
    } catch let error as ModelError {
        return error.description
    }
}

/// Reads every tensor, whatever its type and shape.
func readAll(_ checkpoint: Checkpoint) throws -> [String: [UInt64]] {
    var values: [String: [UInt64]] = [:]
    for name in checkpoint.tensorNames {
        guard let descriptor = checkpoint.descriptor(name) else { continue }
        switch descriptor.scalarType {
        case .float64, .float32, .float16, .bfloat16:
            let floats = try checkpoint.float32(name, shape: descriptor.shape)
            // Bit patterns: NaN must equal itself, and 0 differ from -0.
            values[name] = floats.map { UInt64($0.bitPattern) }
        default:
            values[name] = try checkpoint.integers(name).map { UInt64(bitPattern: $0) }
        }
    }
    return values
}

extension Checkpoint {
    /// The elements of a tensor of integers or booleans.
    func integers(_ name: String) throws -> [Int64] {
        let bytes = try bytes(name)
        return switch descriptor(name)?.scalarType {
        case .int64: Self.elements(bytes, Int64.self)
        case .int32: Self.elements(bytes, Int32.self)
        case .int16: Self.elements(bytes, Int16.self)
        case .int8: Self.elements(bytes, Int8.self)
        default: Self.elements(bytes, UInt8.self)
        }
    }

    private static func elements<Element: FixedWidthInteger>(_ bytes: [UInt8], _ type: Element.Type) -> [Int64] {
        bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<Element>.size).map {
                Int64(Element(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Element.self)))
            }
        }
    }
}
