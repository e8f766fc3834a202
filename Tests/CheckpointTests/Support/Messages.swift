@testable import Checkpoint

/// What the error that `body` throws says; nil when it throws none.
func message(_ body: () throws -> Void) throws -> String? {
    do {
        try body()
        return nil
    } catch let error as CheckpointError {
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
            values[name] = try checkpoint.int64(name, shape: descriptor.shape).map { UInt64(bitPattern: $0) }
        }
    }
    return values
}
