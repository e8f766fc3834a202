import TestSupport
import Testing

@testable import JSON

@Suite("The JSON writer")
struct JSONWriterTests {
    @Test("puts commas between members and elements, and nowhere else")
    func commas() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("a")
            writer.array([[1.0, -2.5], []] as [[Float]]) { $0.numbers($1) }
            writer.key("b")
            writer.object {
                $0.key("c"); $0.null()
            }
            writer.key("d")
            writer.boolean(true)
            writer.key("e")
            writer.integer(-7)
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == #"{"a":[[1.0,-2.5],[]],"b":{"c":null},"d":true,"e":-7}"#
        )
    }

    @Test("writes strings that read back as they were, for every scalar below U+3000")
    func strings() throws {
        let text = String(String.UnicodeScalarView((0..<0x3000 as Range<UInt32>).compactMap(Unicode.Scalar.init)))
        var writer = JSONWriter()
        writer.string(text + "😀")
        #expect(try JSONParser.parse(writer.bytes) == .string(text + "😀"))
    }

    @Test("writes floats in the shortest form that reads back as the same bits")
    func floats() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
            guard value.isFinite else { continue }
            var writer = JSONWriter()
            writer.number(value)
            guard case .number(let text) = try JSONParser.parse(writer.bytes) else { throw NotANumber() }
            #expect(Float(text)?.bitPattern == value.bitPattern)
        }
    }

    struct NotANumber: Error {}
}
