/// One record of comma- or tab-separated values, parsed line by line.
///
/// A field in quotation marks may hold the separator, quotation marks that are written twice and, with commas, line
/// ends (RFC 4180). In a file with tabs, quotation marks are often ordinary characters. So there a field is quoted only
/// if it begins and ends with a mark on the same line.
struct DelimitedRecord {
    /// The reason why a line cannot be part of a record.
    enum Fault: Error, Equatable {
        /// Something stands between a closing mark and the separator.
        case textAfterQuote
    }

    private let separator: UInt8
    private let quotesSpanLines: Bool
    private(set) var fields: [String] = []
    /// The field that is open at the end of the last line.
    private var open: [UInt8]?

    private static let quote = UInt8(ascii: "\"")

    init(_ format: RecordFormat) {
        separator = format == .tsv ? UInt8(ascii: "\t") : UInt8(ascii: ",")
        quotesSpanLines = format != .tsv
    }

    /// Bytes of a field that continues in the next line; 0 if there is none.
    var openBytes: Int { open?.count ?? 0 }

    /// Takes the next line.
    ///
    /// - Returns: whether the record is complete after this line.
    mutating func append(_ line: String) throws(Fault) -> Bool {
        let bytes = Array(line.utf8)
        var place = 0
        if var field = open {
            field.append(UInt8(ascii: "\n"))
            guard let end = try quoted(bytes, from: 0, into: &field) else {
                open = field
                return false
            }
            open = nil
            fields.append(String(decoding: field, as: UTF8.self))
            guard end < bytes.count else { return true }
            place = end + 1
        }
        while true {
            var field: [UInt8] = []
            let end: Int
            if place < bytes.count, bytes[place] == Self.quote, quotesSpanLines || closes(bytes, from: place + 1) {
                guard let closed = try quoted(bytes, from: place + 1, into: &field) else {
                    open = field
                    return false
                }
                end = closed
            } else {
                end = bytes[place...].firstIndex(of: separator) ?? bytes.count
                field = Array(bytes[place..<end])
            }
            fields.append(String(decoding: field, as: UTF8.self))
            guard end < bytes.count else { return true }
            place = end + 1
        }
    }

    /// Reads the inside of a quoted field.
    ///
    /// - Returns: the index of the field's end, which is a separator or the line's end; nil if the field continues in
    ///   the next line.
    private func quoted(_ bytes: [UInt8], from start: Int, into field: inout [UInt8]) throws(Fault) -> Int? {
        var place = start
        while place < bytes.count {
            guard bytes[place] == Self.quote else {
                field.append(bytes[place])
                place += 1
                continue
            }
            let next = place + 1
            guard next < bytes.count, bytes[next] != separator else { return next }
            guard bytes[next] == Self.quote else { throw .textAfterQuote }
            field.append(Self.quote)
            place += 2
        }
        return nil
    }

    /// Whether a quoted field has its closing mark on the same line, before a separator or the line's end.
    private func closes(_ bytes: [UInt8], from start: Int) -> Bool {
        var inside: [UInt8] = []
        return ((try? quoted(bytes, from: start, into: &inside)) ?? nil) != nil
    }
}
