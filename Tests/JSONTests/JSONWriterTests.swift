import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite("The JSON writer")
struct JSONWriterTests {
    @Test("puts commas between members and elements, and nowhere else")
    func commas() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key(plain: "a")
            writer.array([[1.0, -2.5], []] as [[Float]]) { $0.numbers($1) }
            writer.key(plain: "b")
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

    @Test("writes every integer as its digits", arguments: [0, 9, 10, -1, -10, 99, 100, 30_521, .min, .max] as [Int])
    func integers(_ value: Int) {
        var writer = JSONWriter()
        writer.integer(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == value.description)
    }

    @Test("asks between the elements of long arrays whether to go on, and tells the end of it")
    func checked() throws {
        struct Stop: Error {}
        var checks = 0
        var writer = JSONWriter {
            checks += 1
            if checks == 3 { throw Stop() }
        }
        var written = 0
        writer.array(0..<1000) { writer, _ in
            written += 1
            writer.array(Array(repeating: 7, count: 1000)) { $0.integer($1) }
        }
        #expect(throws: Stop.self) { _ = try writer.finish() }
        // Three times 64 KiB of two bytes each.
        #expect(checks == 3 && written < 110 && writer.bytes.count < 4 * 64 * 1024)
        var whole = JSONWriter {}
        whole.array(0..<100_000) { $0.integer($1) }
        var plain = JSONWriter()
        plain.array(0..<100_000) { $0.integer($1) }
        #expect(try whole.finish() == plain.bytes)
    }

    @Test("writes a value as it was read")
    func values() throws {
        let text = #"{"a":[1.50,-2e3,"\"é"],"b":{"c":null,"d":true},"e":[]}"#
        var writer = JSONWriter()
        writer.value(try JSONParser.parse(Array(text.utf8)))
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
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

    @Test("writes floats as the standard library does, at the edges of every power of two and in between")
    func floatsLikeDescription() {
        let fractions = [0, 1, 2, 0x3f_ffff, 0x40_0000, 0x40_0001, 0x7f_fffe, 0x7f_ffff] as [UInt32]
        let edges = (0..<255 as Range<UInt32>).flatMap { exponent in fractions.map { exponent << 23 | $0 } }
        let numbers = (0..<20_000).map(Float.init) + (0..<20_000).map { Float($0) / 1000 }
        let values = edges.map(Float.init(bitPattern:)) + numbers + [0x1p24, 0x1.000002p24, 1e-4, 9.9999e-5]
        #expect(areWrittenLikeDescription(values))
        #expect(areWrittenLikeDescription(values.map { -$0 }))
    }

    /// `SWIFTLET_RANDOM_FLOATS` asks for another number of them: 100 million take some minutes.
    @Test("writes floats of any bits as the standard library does")
    func randomFloatsLikeDescription() {
        let count = ProcessInfo.processInfo.environment["SWIFTLET_RANDOM_FLOATS"].flatMap { Int($0) } ?? 50_000
        var generator = SeededGenerator(seed: 6)
        for start in stride(from: 0, to: count, by: 4096) {
            let bits = (start..<min(start + 4096, count)).map { _ in
                UInt32.random(in: 0...UInt32.max, using: &generator)
            }
            let values = bits.map(Float.init(bitPattern:)).filter(\.isFinite)
            #expect(areWrittenLikeDescription(values), "among the floats from \(start)")
        }
    }

    private func areWrittenLikeDescription(_ values: [Float]) -> Bool {
        var writer = JSONWriter()
        writer.numbers(values)
        return writer.bytes.elementsEqual("[\(values.map(\.description).joined(separator: ","))]".utf8)
    }

    struct NotANumber: Error {}
}
