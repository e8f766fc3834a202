import Testing

@testable import Tokenization

@Suite("The JSON of tokenizer files")
struct JSONReaderTests {
    private func read(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)) }

    @Test("Every kind of value is read, numbers as they were written")
    func values() throws {
        let value = try read(#" {"a":[1,-0.5e+3,true,false,null],"b":"\u00e9\ud83d\ude00\n\"\/x","a":{}} "#)
        #expect(
            value
                == .object([
                    .init(
                        name: "a",
                        value: .array([.number("1"), .number("-0.5e+3"), .boolean(true), .boolean(false), .null])
                    ),
                    .init(name: "b", value: .string("é😀\n\"/x")), .init(name: "a", value: .object([])),
                ])
        )
        #expect(try read("[]") == .array([]) && read("0") == .number("0"))
    }

    @Test(
        "What is not JSON is refused",
        arguments: [
            "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "-", "1.", "1e",
            "+1", ".5", "tru",
            "nul", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"",
            "1 2", "[1]]", "'a'",
            "\"\\u00é0\"",
        ]
    )
    func refusals(text: String) {
        #expect(throws: JSONReader.Failure.self) { try read(text) }
    }

    @Test("Nesting has a limit, far below what the stack bears")
    func nesting() throws {
        let deepest = JSONReader.maximumDepth
        _ = try read(String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest))
        #expect(throws: JSONReader.Failure.self) { try read(String(repeating: "[", count: 100_000)) }
        #expect(throws: JSONReader.Failure.self) { try read(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test("Random bytes never crash the reader")
    func randomBytes() {
        var generator = SeededGenerator(seed: 6)
        let alphabet = Array("{}[]\":,\\u0e-1 tfn".utf8) + [0xC3, 0xA9, 0x00]
        for _ in 0..<5000 {
            let count = Int.random(in: 0...24, using: &generator)
            _ = try? JSONReader.read((0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
        }
    }
}
