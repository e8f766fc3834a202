import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite("The JSON parser")
struct JSONParserTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test("reads every kind of value")
    func values() throws {
        let value = try parse(#" {"a": [1, -2.5e3, true, false, null, "x"], "b": {}, "c": []} "#)
        #expect(
            value
                == .object([
                    "a": .array([
                        .number("1"), .number("-2.5e3"), .boolean(true), .boolean(false), .null, .string("x"),
                    ]), "b": .object([:]), "c": .array([]),
                ])
        )
    }

    @Test("reads escapes, surrogate pairs and text beyond ASCII")
    func strings() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#) == .string("\"\\/\u{8}\u{C}\n\r\té😀é😀"))
        #expect(try parse(#""\u0000""#) == .string("\0"))
    }

    @Test("takes integers also as 17238.0 and 1e2, and no fraction for one")
    func integers() throws {
        #expect(try parse("17238.0").integer == 17238)
        #expect(try parse("1e2").integer == 100)
        #expect(try parse("0.5").integer == nil)
        #expect(try parse("1e300").integer == nil)
        #expect(try parse("9223372036854775808").integer == nil)
        #expect(try parse("true").integer == nil)
    }

    @Test(
        "refuses what RFC 8259 does not allow, and says where",
        arguments: [
            ("", 1, 1), ("{\"a\":1,}", 1, 8), ("[1,]", 1, 4), ("{'a':1}", 1, 2), ("{\"a\" 1}", 1, 6), ("[1 2]", 1, 4),
            ("01", 1, 2), ("+1", 1, 1), (".5", 1, 1), ("1.", 1, 3), ("1e", 1, 3), ("NaN", 1, 1), ("tru", 1, 1),
            ("\"a", 1, 3), ("\"\n\"", 1, 2), (#""\x""#, 1, 3), (#""\ud800""#, 1, 4), (#""\udc00""#, 1, 4),
            (#""\u12g4""#, 1, 6), ("[]x", 1, 3), ("{\n \"a\": 1,\n \"a\": 2}", 3, 2), ("\u{FEFF}1", 1, 1),
            ("// no\n1", 1, 1),
        ]
    )
    func refuses(_ text: String, line: Int, column: Int) {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        #expect(error?.line == line && error?.column == column, "\(text): \(String(describing: error))")
    }

    @Test("refuses bytes that are not UTF-8, at their place")
    func notUTF8() {
        let error = #expect(throws: JSONError.self) {
            try JSONParser.parse(Array("[\"".utf8) + [0xC0, 0xAF, 0x22, 0x5D])
        }
        #expect(error?.column == 3)
    }

    @Test("in Python's dialect reads what Python's json writes, and no more")
    func python() throws {
        let text = #"{"a": NaN, "b": [Infinity, -Infinity], "a": 1, "c": "x\ud83d", "d": "\ude00\ud83d\ude00"}"#
        guard case .object(let object) = try JSONParser.parse(Array(text.utf8), dialect: .python) else {
            Issue.record("an object was expected")
            return
        }
        #expect(object.members.map(\.key) == ["a", "b", "c", "d"])
        #expect(object["a"] == .number("1"))
        #expect(object["b"] == .array([.number("Infinity"), .number("-Infinity")]))
        #expect(object["c"] == .string("x\u{FFFD}") && object["d"] == .string("\u{FFFD}😀"))
        #expect(JSONValue.number("NaN").double == nil && JSONValue.number("Infinity").integer == nil)
        for text in ["nan", "+Infinity", "-NaN", "Inf", #"{"a": 1,}"#, "[1 2]", "'a'", "01", "\u{FEFF}1"] {
            #expect(throws: JSONError.self, "\(text)") { try JSONParser.parse(Array(text.utf8), dialect: .python) }
        }
    }

    @Test("tells keys apart by their bytes, and refuses the same bytes twice")
    func exactKeys() throws {
        guard case .object(let object) = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}") else {
            throw JSONWriterTests.NotANumber()
        }
        #expect(object["\u{E9}"] == .number("1"))
        #expect(object["e\u{301}"] == .number("2"))
        #expect(object.members.map(\.value) == [.number("1"), .number("2")])
        #expect(throws: JSONError.self) { try parse("{\"é\":1,\"é\":2}") }
    }

    @Test("holds documents to its limits of depth, values and digits")
    func limits() throws {
        #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
        #expect(throws: Never.self) { try parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) }
        #expect(throws: JSONError.self) { try parse(String(repeating: "9", count: 513)) }
        var limits = JSONLimits()
        limits.values = 10
        #expect(throws: JSONError.self) {
            try JSONParser.parse(Array("[1,2,3,4,5,6,7,8,9,10]".utf8), limits: limits)
        }
    }

    /// Documents that take the parser long, each in its own part.
    static let longDocuments: [String: String] = [
        "one text": "\"" + String(repeating: "some words ", count: 20_000) + "\"",
        "wide scalars": "[\"" + String(repeating: "\u{1F600}\u{E9}x", count: 60_000) + "\"]",
        "escapes": "\"" + String(repeating: #"\u00e9\n\ud83d\ude00"#, count: 10_000) + "\"",
        "spaces": "[" + String(repeating: " \n", count: 60_000) + "1]",
        "lists": "[" + String(repeating: "[],", count: 60_000) + "0]",
        "objects": "[" + String(repeating: #"{"a":null},"#, count: 20_000) + "0]",
        "keys": "{" + (0..<20_000).map { "\"k\($0)\":1" }.joined(separator: ",") + "}",
        "short texts": "[" + String(repeating: "\"a\",", count: 40_000) + "0]",
    ]

    @Test("a check changes nothing in the result, and is called often enough", arguments: longDocuments.keys.sorted())
    func checked(name: String) throws {
        let bytes = Array(try #require(Self.longDocuments[name]).utf8)
        var checks = 0
        let checked = try JSONParser.parse(bytes) { _ in checks += 1 }
        #expect(try checked == JSONParser.parse(bytes))
        // Every 16 KiB at least.
        #expect(checks >= bytes.count / (16 * 1024) - 1, "\(name): \(checks)")
    }

    @Test("the check's error ends the parsing, whenever it comes", arguments: longDocuments.keys.sorted())
    func interrupted(name: String) throws {
        struct Stop: Error, Equatable { let number: Int }
        let bytes = Array(try #require(Self.longDocuments[name]).utf8)
        for last in [1, 2, 5] {
            var checks = 0
            let error = #expect(throws: Stop.self) {
                _ = try JSONParser.parse(bytes) { _ in
                    checks += 1
                    if checks == last { throw Stop(number: last) }
                }
            }
            #expect(error == Stop(number: last) && checks == last, "\(name)")
        }
    }

    @Test("a document that is wrong gets its own error, checked or not")
    func checkedErrors() {
        struct Stop: Error {}
        let digits = [UInt8](repeating: UInt8(ascii: "1"), count: 100_000)
        let error = #expect(throws: JSONError.self) { _ = try JSONParser.parse(digits) { _ in } }
        #expect(error?.found == "a number of 100000 characters")
        #expect(throws: JSONError.self) { _ = try JSONParser.parse(Array("[1,]".utf8)) { _ in throw Stop() } }
    }

    @Test(
        "bytes that are not UTF-8 are found at their place, also at the ends of the pieces that are validated"
    )
    func notUTF8InPieces() throws {
        let piece = 256 * 1024
        for offset in -5...5 {
            // A scalar of four bytes that begins around the end of a piece.
            var bytes = Array("\"".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: piece - 1 + offset)
            bytes += Array("\u{1F600}".utf8) + [UInt8](repeating: UInt8(ascii: "b"), count: piece) + Array("\"".utf8)
            guard case .string(let text) = try JSONParser.parse(bytes) else { throw JSONWriterTests.NotANumber() }
            #expect(text.utf8.elementsEqual(bytes.dropFirst().dropLast()))
            for damaged in 0..<4 {
                var broken = bytes
                broken[piece + offset + damaged] = 0xFF
                let error = #expect(throws: JSONError.self) { _ = try JSONParser.parse(broken) }
                #expect(error?.found == "bytes that are not UTF-8")
                // The scalar is broken from its first byte on, unless that byte itself is not one.
                #expect([1, damaged + 1].contains((error?.column ?? 0) - piece - offset), "\(offset) \(damaged)")
            }
            bytes.insert(contentsOf: [0x80, 0x80, 0x80, 0x80, 0x80], at: piece + offset)
            let error = #expect(throws: JSONError.self) { _ = try JSONParser.parse(bytes) }
            #expect(error?.column == piece + offset + 1)
        }
    }

    @Test("agrees with Foundation on what it accepts, and never crashes, over mutated documents")
    func mutations() {
        let seedDocument = Array(
            #"{"inputs":["naïve \u00e9 \ud83d\ude00",{"a":[1,2.5e-3,true,null]}],"t":"\n\"x"}"#.utf8
        )
        var generator = SeededGenerator(seed: 5)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = seedDocument
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: at)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: at)
                }
            }
            guard (try? JSONParser.parse(bytes)) != nil else { continue }
            accepted += 1
            let taken = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            #expect(taken, "accepted \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 1000)
    }
}
