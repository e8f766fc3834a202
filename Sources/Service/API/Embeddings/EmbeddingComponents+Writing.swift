import Foundation
import JSON

extension EmbeddingComponents {
    /// Writes an array of numbers, floats in the shortest form that reads back as the same value of their type.
    func write(to writer: inout JSONWriter) {
        switch self {
        case .float32(let values): writer.numbers(values)
        case .float16(let values): writer.array(values) { $0.number($1) }
        case .signed(let values): writer.array(values) { $0.integer($1) }
        case .unsigned(let values): writer.array(values) { $0.integer($1) }
        }
    }

    /// Writes a string: the base64 of the bytes.
    func writeBase64(to writer: inout JSONWriter) {
        var bytes: [UInt8] = []
        append(to: &bytes)
        writer.string(Data(bytes).base64EncodedString())
    }

    /// Appends the components, little-endian.
    func append(to bytes: inout [UInt8]) {
        switch self {
        case .float32(let values):
            for value in values { Self.append(value.bitPattern, to: &bytes) }
        case .float16(let values):
            for value in values { Self.append(value.bitPattern, to: &bytes) }
        case .signed(let values):
            for value in values { bytes.append(UInt8(bitPattern: value)) }
        case .unsigned(let values):
            bytes += values
        }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
