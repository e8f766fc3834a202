import Foundation
import JSON
import TestSupport
import Testing

@testable import Service

@Suite("Embeddings' components")
struct EmbeddingComponentsTests {
    private func bytes(_ vector: [Float], _ type: EmbeddingType) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try EmbeddingComponents(vector, as: type).append(to: &bytes)
        return bytes
    }

    private func json(_ vector: [Float], _ type: EmbeddingType) throws -> String {
        var writer = JSONWriter()
        try EmbeddingComponents(vector, as: type).write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("floats are their IEEE bytes, the least first")
    func floats() throws {
        #expect(try bytes([1, -2.5], .float32) == [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0])
        #expect(try bytes([1, -2.5, 65504], .float16) == [0, 0x3C, 0, 0xC1, 0xFF, 0x7B])
    }

    @Test("a float16 in JSON is the shortest number that reads back as the same float16")
    func shortestHalf() throws {
        #expect(try json([0.1, -1, 0.333_333_34, 6e-8], .float16) == "[0.1,-1.0,0.3333,6e-08]")
        #expect(try json([0.1], .float32) == "[0.1]")
        for pattern in stride(from: UInt16(0), to: 0x7C00, by: 7) {
            let value = Float16(bitPattern: pattern)
            let text = try json([Float(value)], .float16)
            let read = try JSONParser.parse(Array(text.utf8)).numbers[0]
            #expect(Float16(read) == value, "\(text)")
        }
    }

    @Test("int8 is 127 times the component, rounded; uint8 is that plus 128")
    func bytes() throws {
        #expect(try json([1, -1, 0.5, 0, -0.004], .int8) == "[127,-127,64,0,-1]")
        #expect(try json([1, -1, 0.5, 0], .uint8) == "[255,1,192,128]")
        #expect(try bytes([1, -1], .int8) == [127, 0x81] && bytes([1, -1], .uint8) == [255, 1])
        #expect(try json([1.000_000_1], .int8) == "[127]")
    }

    @Test(
        "a bit is 1 if the component is positive, the first is the most significant, and the last byte is filled with zeros"
    )
    func bits() throws {
        let vector: [Float] = [1, -1, 0.5, 0, -0.1, 2, 3, -4, 5]
        #expect(try json(vector, .ubinary) == "[166,128]")
        #expect(try json(vector, .binary) == "[38,0]")
        #expect(try bytes(vector, .binary) == [38, 0])
        #expect(try json([-1], .binary) == "[-128]")
    }

    @Test(
        "a component that a type cannot hold is refused, not cut off",
        arguments: [EmbeddingType.float16, .int8, .uint8]
    )
    func ranges(type: EmbeddingType) {
        let error = #expect(throws: ServiceError.self) { try EmbeddingComponents([1e6], as: type) }
        #expect(error?.status == 422 && error?.message.contains(type.rawValue) == true)
    }

    @Test("base64 is that of the bytes")
    func base64() throws {
        var writer = JSONWriter()
        try EmbeddingComponents([1, -2.5], as: .float32).writeBase64(to: &writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #""AACAPwAAIMA=""#)
    }
}
