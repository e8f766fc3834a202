/// A text to work on, and its place in the input.
struct Text: Sendable, Equatable {
    /// The number of the text's argument, line or record, from 0; skipped lines count, too.
    var index: Int
    var content: String
    /// The line in which the text begins, from 1; 0 for an argument.
    var line = 0
    /// Bytes of the input up to the text's end; 0 for an argument.
    var endByte = 0
}

/// The source of a command's texts: its arguments, a file, or standard input.
enum TextSource: Sendable, Equatable {
    case arguments([String])
    /// One text on each line; empty lines are skipped, but they are counted in the texts' numbers.
    case file(path: String)
    case standardInput
    /// One text from each record, even if it is empty; a nil path is standard input.
    case records(path: String?, RecordFields)

    /// Calls `body` with each text in turn, as soon as it is read; `body` may wait.
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

    /// Calls `body` with each record of a file or of standard input.
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

    /// The name of a text in an error: `line 3 of reviews.txt`.
    func place(of text: Text) -> String {
        if case .arguments = self { return "text \(text.index + 1)" }
        return place(ofLine: text.line)
    }

    /// The name of a line in an error.
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

    /// The names of a file's columns, or the keys of its first object.
    ///
    /// - Throws: ``CommandError``.
    func names() throws(CommandError) -> [String] {
        guard let path else { return [] }
        let file = try InputDescriptor(path: path)
        var reader = RecordReader(fields)
        do throws(LineError) {
            return try reader.names(reading: { () throws(LineError) in try file.read() })
        } catch {
            throw commandError(error)
        }
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
