import Testing

@testable import Checkpoint

@Suite("JSON, strictly")
struct JSONParserTests {
    @Test("every kind of value is read as written")
    func values() throws {
        let text = #" {"a": [1, -2.5e3, true, false, null], "é\n\ud83d\ude00\/": "\"\\\b\f\r\t\u00e9", "": {}} "#
        let value = try JSONParser.parse(Array(text.utf8), file: "f")
        #expect(
            value
                == .object([
                    "a": .array([.number("1"), .number("-2.5e3"), .boolean(true), .boolean(false), .null]),
                    "é\n😀/": .string("\"\\\u{8}\u{C}\r\té"), "": .object([:]),
                ])
        )
    }

    @Test(
        "what is not JSON is refused with its place",
        arguments: [
            ("", "line 1, byte 1: found the end of the file, expected a JSON value"),
            (" \n ", "line 2, byte 2: found the end of the file, expected a JSON value"),
            ("\u{FEFF}{}", "line 1, byte 1: found a byte order mark, expected UTF-8 without one"),
            ("{} {}", #"line 1, byte 4: found "{", expected the end of the file"#),
            ("{\n \"a\": 1,\n}", #"line 3, byte 1: found "}", expected a key in quotation marks"#),
            ("{\"a\" 1}", #"line 1, byte 6: found "1", expected ":""#),
            ("{\"a\": 1 \"b\"}", #"line 1, byte 9: found "\"", expected "," or "}""#),
            ("[1 2]", #"line 1, byte 4: found "2", expected "," or "]""#),
            ("[1,]", #"line 1, byte 4: found "]", expected a JSON value"#),
            ("[01]", #"line 1, byte 3: found "1", expected "," or "]""#),
            ("[-]", #"line 1, byte 3: found "]", expected a digit"#),
            ("[1.]", #"line 1, byte 4: found "]", expected a digit"#),
            ("[1e+]", #"line 1, byte 5: found "]", expected a digit"#),
            ("[+1]", #"line 1, byte 2: found "+", expected a JSON value"#),
            ("[NaN]", #"line 1, byte 2: found "N", expected a JSON value"#),
            ("[Infinity]", #"line 1, byte 2: found "I", expected a JSON value"#),
            ("[tru]", #"line 1, byte 2: found "t", expected a JSON value"#),
            ("['a']", #"line 1, byte 2: found "'", expected a JSON value"#),
            ("[é]", #"line 1, byte 2: found "é", expected a JSON value"#),
            ("[\"a", "line 1, byte 4: found the end of the file, expected a closing quotation mark"),
            ("[\"a\nb\"]", "line 1, byte 4: found a control character in a string, expected it escaped"),
            (#"["\x"]"#, #"line 1, byte 4: found "x", expected an escape sequence of JSON"#),
            (#"["\u12g4"]"#, #"line 1, byte 7: found "g", expected four hexadecimal digits"#),
            (#"["\ud800"]"#, "line 1, byte 5: found half a surrogate pair, expected both halves"),
            (#"["\ud800\u0041"]"#, "line 1, byte 5: found half a surrogate pair, expected both halves"),
            (#"["\udc00"]"#, "line 1, byte 5: found half a surrogate pair, expected both halves"),
            (#"{"a": 1, "a": 1}"#, #"line 1, byte 10: found the key "a" a second time, expected each key once"#),
            (#"{"a": 1, "\u0061": 1}"#, #"line 1, byte 10: found the key "a" a second time, expected each key once"#),
        ]
    )
    func malformed(_ text: String, _ expected: String) throws {
        #expect(try message { _ = try JSONParser.parse(Array(text.utf8), file: "f") } == "f: \(expected)")
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUTF8() throws {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xE2, 0x82],
        ] {
            #expect(
                try message { _ = try JSONParser.parse(bytes, file: "f") }
                    == "f: text: found bytes that are not UTF-8, expected JSON in UTF-8"
            )
        }
    }

    @Test("depth, digits and the count of values are bounded")
    func limits() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSONParser.parse(Array(deepest.utf8), file: "f") }
        for depth in [65, 1_000_000] {
            let text = [UInt8](repeating: UInt8(ascii: "["), count: depth)
            #expect(
                try message { _ = try JSONParser.parse(text, file: "f") }
                    == "f: line 1, byte 65: depth of JSON: found more than 64, the limit is 64"
            )
        }
        let digits = [UInt8](repeating: UInt8(ascii: "7"), count: 100_000)
        #expect(
            try message { _ = try JSONParser.parse(digits, file: "f") }
                == "f: line 1, byte 1: digits of a number: found 100000, the limit is 512"
        )
        let many = Array("[".utf8) + (0..<2_100_000).flatMap { _ in "0,".utf8 } + Array("0]".utf8)
        #expect(
            try message { _ = try JSONParser.parse(many, file: "f") }
                == "f: JSON values: found more than 2000000, the limit is 2000000"
        )
    }
}
