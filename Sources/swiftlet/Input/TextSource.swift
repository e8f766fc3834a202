/// Where a command's texts come from: its arguments, a file, or standard input.
enum TextSource: Sendable, Equatable {
    case arguments([String])
    /// One text a line; empty lines are skipped, and count for the numbers of those after them.
    case file(path: String)
    case standardInput

    /// Calls `body` with each text in turn, as they come; it may wait.
    ///
    /// - Throws: ``CommandError``.
    func forEach(_ body: (Text) -> Void) throws(CommandError) {
        switch self {
        case .arguments(let texts):
            for (index, content) in texts.enumerated() { body(Text(index: index, content: content)) }
        case .file(let path):
            let file = try InputDescriptor(path: path)
            try forEachLine(of: file, body)
        case .standardInput:
            try forEachLine(of: .standardInput, body)
        }
    }

    /// How an error names a text: `line 3 of reviews.txt`.
    func place(of index: Int) -> String {
        switch self {
        case .arguments: "text \(index + 1)"
        case .file, .standardInput: "line \(index + 1) of \(name)"
        }
    }

    private var name: String {
        switch self {
        case .arguments: "the arguments"
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    private func forEachLine(of file: borrowing InputDescriptor, _ body: (Text) -> Void) throws(CommandError) {
        var reader = LineReader()
        do throws(LineError) {
            while let line = try reader.next(reading: { () throws(LineError) in try file.read() }) {
                if !line.isEmpty { body(Text(index: reader.lineNumber - 1, content: line)) }
            }
        } catch {
            throw commandError(error)
        }
    }

    private func commandError(_ error: LineError) -> CommandError {
        switch error {
        case .tooLong(let line):
            .unusableText(place: place(of: line - 1), reason: "longer than \(LineReader.maxLineBytes) bytes")
        case .notUTF8(let line):
            .unusableText(place: place(of: line - 1), reason: "not UTF-8")
        case .readFailed(let reason):
            .readFailed(path: name, reason: reason)
        }
    }
}
