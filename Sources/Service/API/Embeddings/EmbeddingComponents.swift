import Foundation
import JSON
import ModelFiles

/// The number type of an embedding's components: `embedding_type`.
enum EmbeddingType: String, CaseIterable, Sendable {
    case float32
    /// IEEE 754 binary16.
    case float16
    /// 127 times the component, rounded: components of vectors of length 1 are within -1 and 1.
    case int8
    /// The int8 value plus 128.
    case uint8
    /// A bit for each component, which is 1 if the component is positive. Eight bits make a byte, the first in the most
    /// significant bit. The byte minus 128 is written as a signed number, as in sentence-transformers and Cohere.
    case binary
    /// The bytes of `binary` as unsigned numbers.
    case ubinary

    /// Whether a component must be within -1 and 1.
    var isScaled: Bool { self == .int8 || self == .uint8 }

    /// NumPy's name of the numbers' type.
    var numpyName: String {
        switch self {
        case .float32: "<f4"
        case .float16: "<f2"
        case .int8, .binary: "|i1"
        case .uint8, .ubinary: "|u1"
        }
    }

    /// Names that other servers use for these types.
    static let aliases: [String: EmbeddingType] = ["float": .float32, "half": .float16, "fp16": .float16]
}

/// One embedding's components, of the type that was asked for.
enum EmbeddingComponents: Sendable, Equatable {
    case float32([Float])
    case float16([Float16])
    case signed([Int8])
    case unsigned([UInt8])

    /// - Throws: 422 if a component is outside the type's range.
    init(_ vector: [Float], as type: EmbeddingType) throws(ServiceError) {
        switch type {
        case .float32:
            self = .float32(vector)
        case .float16:
            let narrow = vector.map { Float16($0) }
            guard narrow.allSatisfy(\.isFinite) else { throw Self.outOfRange(type, "65504") }
            self = .float16(narrow)
        case .int8:
            self = .signed(try Self.scaled(vector, for: type))
        case .uint8:
            self = .unsigned(try Self.scaled(vector, for: type).map { UInt8(Int($0) + 128) })
        case .binary:
            self = .signed(Self.signs(vector).map { Int8(Int($0) - 128) })
        case .ubinary:
            self = .unsigned(Self.signs(vector))
        }
    }

    /// The number of stored numbers.
    var count: Int {
        switch self {
        case .float32(let values): values.count
        case .float16(let values): values.count
        case .signed(let values): values.count
        case .unsigned(let values): values.count
        }
    }

    /// The components times 127. All vectors have the same scale, so that a result does not depend on other vectors,
    /// and products of vectors can be compared.
    private static func scaled(_ vector: [Float], for type: EmbeddingType) throws(ServiceError) -> [Int8] {
        // By rounding, a component of a vector of length 1 may be slightly above 1.
        guard vector.allSatisfy({ $0.magnitude <= 1.001 }) else { throw outOfRange(type, "1") }
        return vector.map { Int8(min(max(($0 * 127).rounded(), -127), 127)) }
    }

    private static func outOfRange(_ type: EmbeddingType, _ limit: String) -> ServiceError {
        .invalid(
            """
            `embedding_type` \(type.rawValue) holds components from -\(limit) to \(limit), and this \
            embedding has a component outside that range; send "normalize": true, or ask for float32
            """
        )
    }

    private static func signs(_ vector: [Float]) -> [UInt8] {
        stride(from: 0, to: vector.count, by: 8).map { start in
            vector[start..<min(start + 8, vector.count)].enumerated().reduce(0) { byte, component in
                component.element > 0 ? byte | 0x80 >> UInt8(component.offset) : byte
            }
        }
    }
}

extension EmbeddingComponents {
    /// Writes an array of numbers, floats in the shortest form that reads back as the same value of their type.
    func write(to writer: inout JSONWriter) {
        switch self {
        case .float32(let values): writer.numbers(values)
        case .float16(let values): writer.array(values) { $0.number($1) }
        case .signed(let values): writer.array(values) { $0.integer(Int($1)) }
        case .unsigned(let values): writer.array(values) { $0.integer(Int($1)) }
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
            bytes.append(littleEndian: values)
        case .float16(let values):
            for value in values { bytes.append(littleEndian: value.bitPattern) }
        case .signed(let values):
            for value in values { bytes.append(UInt8(bitPattern: value)) }
        case .unsigned(let values):
            bytes += values
        }
    }
}
