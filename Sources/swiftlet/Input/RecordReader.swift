import ArgumentParser
import JSON

/// The form of an input file of texts.
enum RecordFormat: String, CaseIterable, ExpressibleByArgument {
    /// Plain text: one text on each line.
    case txt
    /// JSON Lines: one object on each line.
    case jsonl
    /// Comma-separated values (RFC 4180) below a line of names.
    case csv
    /// Tab-separated values below a line of names.
    case tsv

    /// The format for a file's ending; lines of text for an unknown ending.
    init(path: String) {
        let name = path.pieces(separatedBy: "/").last ?? ""
        let ending = name.pieces(separatedBy: ".").dropFirst().last?.lowercased()
        self = ending.flatMap { $0 == "ndjson" ? .jsonl : RecordFormat(rawValue: $0) } ?? .txt
    }
}

/// The fields that are wanted, and the form of the records.
struct RecordFields: Sendable, Equatable {
    var format: RecordFormat
    /// The names of columns, or the keys of objects. A file of lines has only one field.
    var names: [String]
}

/// The wanted fields of one record.
struct Record: Equatable {
    /// The line in which the record begins, from 1.
    var line: Int
    /// The fields in the order of ``RecordFields/names``; for a file of lines, the whole line.
    var values: [String]
    /// Bytes of the input up to the record's end.
    var endByte: Int
}

/// Reads the records of a file or a pipe, with one record at a time in memory.
struct RecordReader {
    private let wanted: RecordFields
    private var lines = LineReader()
    /// A table's column names, once they are read, and the indices of the wanted columns.
    private var header: (names: [String], wanted: [Int])?

    init(_ wanted: RecordFields) { self.wanted = wanted }

    /// The number of the line read last.
    var lineNumber: Int { lines.lineNumber }

    /// The next record, nil at the end.
    ///
    /// Empty lines are skipped, except in a file of plain lines, in which each line is a record.
    mutating func next(reading read: () throws(LineError) -> [UInt8]) throws(LineError) -> Record? {
        while let line = try lines.next(reading: read) {
            let number = lines.lineNumber
            // The byte order mark that some programs write before UTF-8 is not part of the first name.
            let content = number == 1 ? line.rest(after: "\u{FEFF}").map { String($0) } ?? line : line
            if wanted.format != .txt, content.isBlank { continue }
            let values: [String]
            switch wanted.format {
            case .txt: values = [content]
            case .jsonl: values = try fields(ofObject: content)
            case .csv, .tsv:
                let row = try row(startingWith: content, reading: read)
                guard let header else {
                    header = (row, try places(in: row))
                    continue
                }
                guard row.count == header.names.count else {
                    let reason = "\(row.count) fields; expected \(header.names.count), as in the first line"
                    throw .badRecord(line: number, reason: reason)
                }
                values = header.wanted.map { row[$0] }
            }
            return Record(line: number, values: values, endByte: lines.bytesConsumed)
        }
        return nil
    }

    /// The names of a table's columns, or the keys of the first object; none in an empty file or one of plain lines.
    mutating func names(reading read: () throws(LineError) -> [UInt8]) throws(LineError) -> [String] {
        while let line = try lines.next(reading: read) {
            let content = lines.lineNumber == 1 ? line.rest(after: "\u{FEFF}").map { String($0) } ?? line : line
            if content.isBlank { continue }
            switch wanted.format {
            case .txt: return []
            case .jsonl: return try object(content).members.map(\.key)
            case .csv, .tsv: return try row(startingWith: content, reading: read)
            }
        }
        return []
    }

    /// The fields of a table's row. The row may have several lines.
    private mutating func row(
        startingWith line: String,
        reading read: () throws(LineError) -> [UInt8]
    ) throws(LineError) -> [String] {
        let first = lines.lineNumber
        var record = DelimitedRecord(wanted.format)
        var line = line
        do {
            while try !record.append(line) {
                guard record.openBytes <= LineReader.maxLineBytes else { throw LineError.tooLong(line: first) }
                guard let next = try lines.next(reading: read) else {
                    throw LineError.badRecord(line: first, reason: "a quotation mark that is never closed")
                }
                line = next
            }
        } catch let error as LineError {
            throw error
        } catch {
            let reason = "text after a closing quotation mark; a mark inside a field must be written twice"
            throw LineError.badRecord(line: lines.lineNumber, reason: reason)
        }
        return record.fields
    }

    /// The indices of the wanted columns.
    private func places(in names: [String]) throws(LineError) -> [Int] {
        var places: [Int] = []
        for name in wanted.names {
            let found = names.indices.filter { names[$0].equals(name) }
            guard let place = found.first else {
                throw .badRecord(line: lines.lineNumber, reason: "no column \"\(name)\"; there are \(Self.list(names))")
            }
            guard found.count == 1 else {
                throw .badRecord(line: lines.lineNumber, reason: "\(found.count) columns named \"\(name)\"")
            }
            places.append(place)
        }
        return places
    }

    private func object(_ line: String) throws(LineError) -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONParser.parse(Array(line.utf8))
        } catch {
            let reason = "column \(error.column): found \(error.found), expected \(error.expected)"
            throw .badRecord(line: lines.lineNumber, reason: reason)
        }
        guard case .object(let object) = value else {
            throw .badRecord(line: lines.lineNumber, reason: "found \(value.kind), expected an object")
        }
        return object
    }

    private func fields(ofObject line: String) throws(LineError) -> [String] {
        let object = try object(line)
        var values: [String] = []
        for name in wanted.names {
            switch object[name] {
            case .string(let text), .number(let text): values.append(text)
            case .boolean(let flag): values.append(flag ? "true" : "false")
            case nil:
                let keys = Self.list(object.members.map(\.key))
                throw .badRecord(line: lines.lineNumber, reason: "no key \"\(name)\"; there are \(keys)")
            case .some(let other):
                let reason = "\"\(name)\": found \(other.kind), expected a string"
                throw .badRecord(line: lines.lineNumber, reason: reason)
            }
        }
        return values
    }

    /// Names for a message; if there are very many, only the first ones.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(20).map { "\"\(Columns.shown($0, width: 40))\"" }
        return names.isEmpty ? "none" : shown.joined(separator: ", ") + (names.count > shown.count ? ", …" : "")
    }
}
