import Foundation
import TestSupport
import Testing

@testable import JSON

@Suite("Texts by their Unicode scalars")
struct ExactTextTests {
    /// What Python makes of texts with marks, selectors and line ends.
    private static let python = Result {
        let path = ModelFolder.repository + "/Tests/Fixtures/tasks/texts.json"
        return try JSONParser.parse(Array(try Data(contentsOf: URL(filePath: path))))
    }

    private func cases(_ key: String) throws -> [[JSONValue]] {
        let cases = try #require(try Self.python.get()[key]).elements.map(\.elements)
        #expect(cases.count > 20)
        return cases
    }

    @Test("are stripped as Python strips them")
    func stripped() throws {
        for value in try cases("strip") {
            let text = try #require(value[0].text)
            #expect(JSONValue.string(String(text.stripped)) == value[1], "\(text.debugDescription)")
            #expect(JSONValue.boolean(text.isBlank) == value[2], "\(text.debugDescription)")
        }
    }

    @Test("are split as Python splits them")
    func pieces() throws {
        for value in try cases("split") {
            let text = try #require(value[0].text)
            let strings = { (pieces: [Substring]) in JSONValue.array(pieces.map { .string(String($0)) }) }
            #expect(strings(text.pieces(separatedBy: ",")) == value[1], "\(text.debugDescription)")
            #expect(strings(text.pieces(separatedBy: ",", most: 1)) == value[2], "\(text.debugDescription)")
        }
    }

    @Test("begin and end with a text, and hold it, where Python says so")
    func parts() throws {
        for value in try cases("parts") {
            let (text, part) = (try #require(value[0].text), try #require(value[1].text))
            let found = [text.begins(with: part), text.ends(with: part), text.holds(part)]
            #expect(found.map(JSONValue.boolean) == Array(value[2...]), "\(text.debugDescription), \(part)")
            #expect(text.rest(after: part).map { ExactText(part + $0) } == (found[0] ? ExactText(text) : nil))
            #expect(text.rest(before: part).map { ExactText($0 + part) } == (found[1] ? ExactText(text) : nil))
        }
    }

    @Test("are in Python's order, and the two encodings of a letter are two keys")
    func keys() throws {
        let sorted = try #require(try Self.python.get()["sorted"]).elements.compactMap(\.text)
        #expect(Set(sorted.map { ExactText($0) }).sortedTexts.map { Array($0.utf8) } == sorted.map { Array($0.utf8) })
        let values: [ExactText: Int] = ["\u{E9}": 1, "e\u{301}": 2]
        #expect(values["\u{E9}"] == 1 && values["e\u{301}"] == 2)
    }

    @Test("are compared so in JSON, as keys and as values")
    func values() throws {
        let object = try JSONParser.parse(Array("{\"\u{E9}\": 1, \"e\u{301}\": 2}".utf8))
        #expect(object["\u{E9}"]?.integer == 1 && object["e\u{301}"]?.integer == 2)
        #expect(throws: JSONError.self) { try JSONParser.parse(Array("{\"\u{E9}\": 1, \"\\u00e9\": 2}".utf8)) }
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        #expect(JSONValue.object(["\u{E9}": .null]) != .object(["e\u{301}": .null]))
        #expect(JSONValue.array([.string("e\u{301}")]) == .array([.string("e\u{301}")]))
    }

    @Test("are bounded in a message, whatever is piled up on one letter")
    func beginning() {
        let text = "a" + String(repeating: "\u{301}", count: 1_000_000)
        #expect(text.beginning(100).utf8.count == 199)
        #expect("ab".beginning(100) == "ab")
    }
}
