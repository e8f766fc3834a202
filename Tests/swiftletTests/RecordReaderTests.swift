import TestSupport
import Testing
import Training

@testable import swiftlet

@Suite("Reading records")
struct RecordReaderTests {
    private static func read(_ text: String, _ format: RecordFormat, _ names: [String]) throws(LineError) -> [[String]]
    {
        var reader = RecordReader(RecordFields(format: format, names: names))
        var pieces = [Array(text.utf8)]
        var records: [[String]] = []
        while let record = try reader.next(reading: { () throws(LineError) in pieces.popLast() ?? [] }) {
            records.append(record.values)
        }
        return records
    }

    @Test(
        "fields of tables and objects are found by name, whatever stands in them",
        arguments: [
            (.csv, "a,text\r\n1,\"x, \"\"y\"\"\nz\"\r\n\r\n2,\n", ["x, \"y\"\nz", ""]),
            (.csv, "\u{FEFF}text,a\nq\"r,1", ["q\"r"]),
            (.tsv, "text\tlabel\n\"a\tb\t0\n", []),
            (
                .tsv, "text\tlabel\n\"quite\" so\t0\n\"a \"\"b\"\"\"\t1\n\"open\t1\n",
                ["\"quite\" so", "a \"b\"", "\"open"]
            ),
            (.jsonl, "{\"text\": \"\\u00e9\\n\", \"b\": [1]}\n\n{\"b\": 1, \"text\": 2.50}\n", ["é\n", "2.50"]),
        ] as [(RecordFormat, String, [String])]
    )
    func fields(format: RecordFormat, text: String, expected: [String]) throws {
        guard !expected.isEmpty else {
            #expect(throws: LineError.self) { try Self.read(text, format, ["text"]) }
            return
        }
        #expect(try Self.read(text, format, ["text"]).map { $0[0] } == expected)
    }

    @Test(
        "a column's name is compared by its bytes, and marks behind a separator or a line's end separate nothing less"
    )
    func marks() throws {
        let table = "e\u{301},\u{E9}\r\n\u{301}a,\u{301}b\r\n\u{FE0F},\r\n"
        #expect(try Self.read(table, .csv, ["\u{E9}"]) == [["\u{301}b"], [""]])
        #expect(
            try Self.read(table, .csv, ["e\u{301}"]).map { Array($0[0].utf8) } == [
                [0xCC, 0x81, 0x61], [0xEF, 0xB8, 0x8F],
            ]
        )
        #expect(throws: LineError.self) { try Self.read("e\u{301}\nx\n", .csv, ["\u{E9}"]) }
        // A space with an accent is a text, not an empty line.
        #expect(try Self.read("text\tb\n \u{301}\tc\n", .tsv, ["text"]).count == 1)
        #expect(try Self.read(#"{"e\u0301": "a", "\u00e9": "b"}"#, .jsonl, ["\u{E9}"]) == [["b"]])
        #expect(RecordFormat(path: "a/\u{301}b.csv") == .csv && RecordFormat(path: "a.csv/b") == .txt)
    }

    @Test("an error names the line and the columns that there are")
    func errors() {
        let cases: [(RecordFormat, String, LineError)] = [
            (.csv, "a,b\n1,2", .badRecord(line: 1, reason: "no column \"text\"; there are \"a\", \"b\"")),
            (.csv, "text,text\n", .badRecord(line: 1, reason: "2 columns named \"text\"")),
            (.csv, "text,b\n1,2\n3\n", .badRecord(line: 3, reason: "1 fields; expected 2, as in the first line")),
            (.csv, "text\n\"x\n\n", .badRecord(line: 2, reason: "a quotation mark that is never closed")),
            (.jsonl, "{\"a\":1}", .badRecord(line: 1, reason: "no key \"text\"; there are \"a\"")),
            (.jsonl, "{\"text\":null}", .badRecord(line: 1, reason: "\"text\": found null, expected a string")),
            (.jsonl, "\n[]", .badRecord(line: 2, reason: "found an array, expected an object")),
        ]
        for (format, text, error) in cases {
            #expect(throws: error) { try Self.read(text, format, ["text"]) }
        }
    }

    @Test("labels for training are told apart by their bytes, and a space with an accent is a label")
    func labels() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t,l\na,\u{E9}\nb,e\u{301}\nc, \u{301}\n".utf8, to: "data.csv")
        let texts = try LabelledTexts(path: path, fields: RecordFields(format: .csv, names: ["t", "l"]))
        let (classes, targets) = try texts.targets(LabelForm())
        #expect(classes.map { Array($0.utf8) } == [" \u{301}", "e\u{301}", "\u{E9}"].map { Array($0.utf8) })
        #expect(targets == [.label(2), .label(1), .label(0)])
        let numbers = try folder.write("t,l\na,10\nb,9\nc,010\n".utf8, to: "numbers.csv")
        let counted = try LabelledTexts(path: numbers, fields: RecordFields(format: .csv, names: ["t", "l"]))
        #expect(try counted.targets(LabelForm()).labels == ["9", "010", "10"])
    }
}
