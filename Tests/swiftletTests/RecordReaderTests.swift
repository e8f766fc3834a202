import Testing

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
}
