import JSON
import TestSupport
import Testing

@testable import ModelFiles

@Suite("config.json, key by key")
struct JSONSectionTests {
    private func file(_ json: String) throws -> JSONSection {
        try JSONSection(bytes: Array(json.utf8), path: "config.json")
    }

    /// What the error that `body` throws says; nil when it throws none.
    private func message(_ body: () throws -> Void) throws -> String? {
        do {
            try body()
            return nil
        } catch let error as ModelError {
            return error.description
        }
    }

    @Test("each getter returns the value of its type")
    func values() throws {
        let file = try file(
            """
            {"count": 12, "float_count": 12.0, "exponent": 1e3, "epsilon": 1e-12, "flag": true, "name": "gelu",
             "architectures": ["A", "B"], "id2label": {"0": "NEGATIVE"}, "nothing": null}
            """
        )
        #expect(try file.integer("count", in: 1...64) == 12)
        #expect(try file.integer("float_count", in: 1...64) == 12)
        #expect(try file.integer("exponent", in: 1...1000) == 1000)
        #expect(try file.number("epsilon", in: 0...1) == 1e-12)
        #expect(try file.number("count", in: 0...64) == 12)
        #expect(try file.boolean("flag"))
        #expect(try file.string("name") == "gelu")
        #expect(try file.strings("architectures") == ["A", "B"])
        #expect(try file.stringMap("id2label") == ["0": "NEGATIVE"])
        #expect(file.contains("count") && !file.contains("nothing") && !file.contains("absent"))
        #expect(try file.strings("nothing") == nil)
        #expect(try file.stringMap("absent") == nil)
    }

    @Test("an absent key is its default, or an error that says what it should be")
    func absent() throws {
        let file = try file("{}")
        #expect(try file.integer("n", default: 3, in: 1...4) == 3)
        #expect(try file.number("n", default: 0.5, in: 0...1) == 0.5)
        #expect(try file.boolean("n", default: false) == false)
        #expect(try file.string("n", default: "x") == "x")
        #expect(
            try message { _ = try file.integer("n", in: 1...4) }
                == "config.json: \"n\": not there, expected an integer from 1 to 4"
        )
        #expect(
            try message { _ = try file.number("n", in: 0...1) }
                == "config.json: \"n\": not there, expected a number from 0.0 to 1.0"
        )
        #expect(try message { _ = try file.boolean("n") } == "config.json: \"n\": not there, expected true or false")
        #expect(try message { _ = try file.string("n") } == "config.json: \"n\": not there, expected a string")
    }

    @Test(
        "an integer is neither a boolean, a string, a fraction nor out of range",
        arguments: [
            ("true", "true"), ("\"12\"", "\"12\""), ("12.5", "12.5"), ("0", "0"), ("65", "65"), ("-1", "-1"),
            ("null", "null"), ("[]", "an array of 0"), ("{\"a\": 1}", "an object of 1"), ("1e400", "1e400"),
            ("9223372036854775808", "9223372036854775808"), ("1e18", "1e18"), ("-0.0", "-0.0"),
        ]
    )
    func wrongInteger(_ json: String, _ found: String) throws {
        let file = try file("{\"n\": \(json)}")
        let expected = "config.json: \"n\": found \(found), expected an integer from 1 to 64"
        #expect(try message { _ = try file.integer("n", in: 1...64) } == expected)
        // A default does not hide a wrong value.
        #expect(try message { _ = try file.integer("n", default: 3, in: 1...64) } == expected)
    }

    @Test("a number is finite and in range", arguments: ["true", "\"1\"", "1e400", "-1e400", "1.5", "-0.1", "null"])
    func wrongNumber(_ json: String) throws {
        let file = try file("{\"n\": \(json)}")
        #expect(
            try message { _ = try file.number("n", in: 0...1) }
                == "config.json: \"n\": found \(json), expected a number from 0.0 to 1.0"
        )
    }

    @Test("0 and 1 are not booleans", arguments: ["0", "1", "\"true\"", "null"])
    func wrongBoolean(_ json: String) throws {
        let file = try file("{\"n\": \(json)}")
        #expect(
            try message { _ = try file.boolean("n", default: true) }
                == "config.json: \"n\": found \(json), expected true or false"
        )
    }

    @Test("strings, lists and maps of strings hold nothing else")
    func wrongStrings() throws {
        let file = try file(#"{"n": 1, "list": ["a", 2], "map": {"0": 3}}"#)
        #expect(try message { _ = try file.string("n") } == "config.json: \"n\": found 1, expected a string")
        #expect(
            try message { _ = try file.strings("n") } == "config.json: \"n\": found 1, expected an array of strings"
        )
        #expect(try message { _ = try file.strings("list") } == "config.json: \"list[1]\": found 2, expected a string")
        #expect(
            try message { _ = try file.stringMap("n") } == "config.json: \"n\": found 1, expected an object of strings"
        )
        #expect(try message { _ = try file.stringMap("map") } == "config.json: \"map.0\": found 3, expected a string")
    }

    @Test("a long value is quoted in part, its control characters escaped")
    func quoting() throws {
        let file = try file("{\"n\": \"\\u001b[31m\(String(repeating: "x", count: 500))\"}")
        let expected = "\"\\u{1B}[31m" + String(repeating: "x", count: 75) + "…\""
        #expect(
            try message { _ = try file.integer("n", in: 0...1) }
                == "config.json: \"n\": found \(expected), expected an integer from 0 to 1"
        )
    }

    @Test(
        "only one object is a configuration",
        arguments: [
            ("[1, 2]", "an array of 2"), ("12", "12"), ("null", "null"), ("\"a\"", "\"a\""),
        ]
    )
    func otherRoots(_ json: String, _ found: String) throws {
        #expect(
            try message { _ = try file(json) } == "config.json: document: found \(found), expected an object"
        )
    }

    @Test(
        "a fault of the JSON itself is told with the file and the place",
        arguments: [
            ("{\n  \"n\": 1,\n}", #"line 3, column 1: found "}", expected a key in quotation marks"#),
            ("\u{FEFF}{}", "line 1, column 1: found a byte order mark, expected UTF-8 without one"),
            (
                "{\"n\": \(String(repeating: "[", count: 1_000_000))",
                "line 1, column 70: found deeper nesting, expected at most 64 levels"
            ),
        ]
    )
    func malformed(_ json: String, _ expected: String) throws {
        #expect(try message { _ = try file(json) } == "config.json: \(expected)")
    }

    @Test("a file that is absent, empty or a folder is told as such")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        let empty = try folder.write([], to: "empty.json")
        #expect(
            try message { _ = try JSONSection(path: empty) }
                == "\(empty): file: found 0 bytes, expected a file that is not empty"
        )
        #expect(
            try message { _ = try JSONSection(path: folder.path) }
                == "\(folder.path): cannot be read: not a regular file"
        )
        let absent = "\(folder.path)/absent.json"
        #expect(
            try message { _ = try JSONSection(path: absent) }
                == "\(absent): cannot be read: No such file or directory"
        )
    }
}
