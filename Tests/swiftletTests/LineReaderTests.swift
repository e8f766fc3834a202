import TestSupport
import Testing

@testable import swiftlet

@Suite("Reading lines")
struct LineReaderTests {
    @Test(
        "lines end in LF or CRLF, the last may end with the input",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]),
            ("\n\n", ["", ""]), ("a\rb\n", ["a\rb"]), ("\r\n", [""]), ("größe\n日本\n", ["größe", "日本"]),
        ] as [(String, [String])]
    )
    func lines(text: String, expected: [String]) throws {
        #expect(try Self.lines(of: [Array(text.utf8)]) == expected)
    }

    @Test("how the bytes come in pieces changes nothing")
    func pieces() throws {
        var generator = SeededGenerator(seed: 0x11E5)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                [0x61, 0x62, 0x0A, 0x0A, 0x0D, 0x20][Int.random(in: 0..<6, using: &generator)] as UInt8
            }
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &generator)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(try Self.lines(of: pieces) == Self.lines(of: [bytes]))
        }
    }

    @Test("text that is not UTF-8 or is too long causes an error that names the line")
    func errors() {
        #expect(throws: LineError.notUTF8(line: 2)) { try Self.lines(of: [[0x61, 0x0A, 0xFF, 0x0A]]) }
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        let long = Array(repeating: piece, count: 8)
        #expect(throws: LineError.tooLong(line: 1)) { try Self.lines(of: long + [piece]) }
        #expect(throws: LineError.tooLong(line: 2)) { try Self.lines(of: [[0x0A]] + long + [[0x61, 0x0A]]) }
        #expect(throws: Never.self) { try Self.lines(of: long + [[0x0A]]) }
    }

    @Test("a failure to read is passed on, after the lines before it")
    func readFailure() throws {
        var reader = LineReader()
        var calls = 0
        let read = { () throws(LineError) -> [UInt8] in
            calls += 1
            guard calls == 1 else { throw .readFailed(reason: "gone") }
            return Array("a\nb".utf8)
        }
        #expect(try reader.next(reading: read) == "a")
        #expect(throws: LineError.readFailed(reason: "gone")) { try reader.next(reading: read) }
    }

    private static func lines(of pieces: [[UInt8]]) throws(LineError) -> [String] {
        var rest = pieces[...]
        var reader = LineReader()
        var lines: [String] = []
        while let line = try reader.next(reading: { () throws(LineError) in rest.popFirst() ?? [] }) {
            lines.append(line)
            #expect(reader.lineNumber == lines.count)
        }
        return lines
    }
}
