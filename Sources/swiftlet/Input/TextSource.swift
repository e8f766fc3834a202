/// A text to work on, and where it was given.
struct Text: Sendable, Equatable {
    /// The number of its argument, line or record, from 0; lines that are skipped count.
    var index: Int
    var content: String
    /// The line in which the text begins, from 1; 0 for an argument.
    var line = 0
    /// Bytes of the input up to the text's end; 0 for an argument.
    var endByte = 0
}

/// Where a command's texts come from: its arguments, a file, or standard input.
enum TextSource: Sendable, Equatable {
    case arguments([String])
    /// One text a line; empty lines are skipped, and count for the numbers of those after them.
    case file(path: String)
    case standardInput
    /// A text of each record, empty ones too; a nil path is standard input.
    case records(path: String?, RecordFields)

    /// Calls `body` with each text in turn, as they come; it may wait.
    ///
    /// - Throws: ``CommandError``.
    func forEach(_ body: (Text) -> Void) throws(CommandError) {
        if case .arguments(let texts) = self {
            for (index, content) in texts.enumerated() { body(Text(index: index, content: content)) }
            return
        }
        var count = 0
        try forEachRecord { record in
            defer { count += 1 }
            var text = Text(index: count, content: record.values.first ?? "")
            (text.line, text.endByte) = (record.line, record.endByte)
            if case .records = self { return body(text) }
            if !text.content.isEmpty { body(text) }
        }
    }

    /// Calls `body` with each record of an input that is not arguments.
    ///
    /// - Throws: ``CommandError``.
    func forEachRecord(_ body: (Record) -> Void) throws(CommandError) {
        if let path {
            let file = try InputDescriptor(path: path)
            try forEachRecord(of: file, body)
        } else {
            try forEachRecord(of: .standardInput, body)
        }
    }

    /// How an error names a text: `line 3 of reviews.txt`.
    func place(of text: Text) -> String {
        if case .arguments = self { return "text \(text.index + 1)" }
        return place(ofLine: text.line)
    }

    /// How an error names a line.
    func place(ofLine line: Int) -> String { "line \(line) of \(name)" }

    /// The path of the file that is read; nil for arguments and standard input.
    var path: String? {
        switch self {
        case .arguments, .standardInput: nil
        case .file(let path): path
        case .records(let path, _): path
        }
    }

    private var fields: RecordFields {
        if case .records(_, let fields) = self { return fields }
        return RecordFields(format: .txt, names: [])
    }

    private var name: String {
        if case .arguments = self { return "the arguments" }
        return path ?? "standard input"
    }

    private func forEachRecord(
        of file: borrowing InputDescriptor,
        _ body: (Record) -> Void
    ) throws(CommandError) {
        var reader = RecordReader(fields)
        do throws(LineError) {
            while let record = try reader.next(reading: { () throws(LineError) in try file.read() }) { body(record) }
        } catch {
            throw commandError(error)
        }
    }

    private func commandError(_ error: LineError) -> CommandError {
        switch error {
        case .tooLong(let line):
            .unusableText(place: place(ofLine: line), reason: "longer than \(LineReader.maxLineBytes) bytes")
        case .notUTF8(let line):
            .unusableText(place: place(ofLine: line), reason: "not UTF-8")
        case .badRecord(let line, let reason):
            .unusableText(place: place(ofLine: line), reason: reason)
        case .readFailed(let reason):
            .readFailed(path: name, reason: reason)
        }
    }
}
