import Foundation
import JSON

/// A file that is written under another name until it is complete. A note beside the file says how much of it is known
/// to be right, so that the next run can continue an interrupted one.
struct PartialFile: ~Copyable {
    /// The progress of a file that is being written.
    struct State: Equatable {
        /// The sources of the contents: the input, the model and the options.
        var sources: [String]
        /// Rows written.
        var rows = 0
        /// Bytes written, the header included.
        var bytes = 0
        /// Bytes of the input from which the written rows come.
        var inputBytes = 0
    }

    /// The path of the complete file.
    private let path: String
    private let file: OutputFile
    private(set) var state: State
    /// Whether rows of an earlier run were found.
    var isResumed: Bool { state.rows > 0 }
    /// Whether there is a partial file of an earlier run with other sources, which is discarded.
    let discardsOther: Bool

    private var notePath: String { Self.notePath(path) }

    private static func notePath(_ path: String) -> String { path + ".partial.json" }

    /// The path of a note that is being written.
    private static func newNotePath(_ path: String) -> String { notePath(path) + ".new" }

    /// Opens the file that an earlier run with the same sources has left, or starts a new file.
    ///
    /// - Throws: `writeFailed`, also when another process is writing it.
    init(path: String, sources: [String]) throws(CommandError) {
        let file = try OutputFile(path: path + ".partial")
        // A run that was killed while it wrote a note has left it. Nobody else writes one while the file is locked.
        unsafe unlink(Self.newNotePath(path))
        let found = Self.note(at: Self.notePath(path))
        var state = State(sources: sources)
        if let found, found.sources == sources, try file.size() >= found.bytes { state = found }
        try file.truncate(to: state.bytes)
        self.path = path
        self.file = file
        self.state = state
        discardsOther = found.map { $0.sources != sources } ?? false
    }

    /// Adds rows with their bytes, and updates the note.
    ///
    /// - Parameter inputBytes: position in the input where the next run would continue.
    mutating func append(_ bytes: [UInt8], rows: Int, upTo inputBytes: Int) throws(CommandError) {
        try file.write(bytes)
        // The bytes that the note claims must be on the disk, even after a power failure.
        try file.synchronize()
        state.rows += rows
        state.bytes += bytes.count
        state.inputBytes = inputBytes
        try writeNote()
    }

    /// Replaces the header by `header`, and gives the file its final name.
    consuming func finish(header: [UInt8]) throws(CommandError) {
        try file.writeAtStart(header)
        try file.synchronize()
        try file.rename(to: path)
        unsafe unlink(notePath)
    }

    /// Removes the file: its rows belong to an input that has changed since.
    consuming func discard() {
        unsafe unlink(notePath)
        unsafe unlink(file.path)
    }

    private func writeNote() throws(CommandError) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("sources")
            writer.array(state.sources) { $0.string($1) }
            writer.key("rows")
            writer.integer(state.rows)
            writer.key("bytes")
            writer.integer(state.bytes)
            writer.key("input_bytes")
            writer.integer(state.inputBytes)
        }
        let note = try OutputFile(path: Self.newNotePath(path))
        try note.truncate(to: 0)
        try note.write(writer.bytes)
        try note.rename(to: notePath)
    }

    /// The note at `path`; nil if there is none or it cannot be read.
    private static func note(at path: String) -> State? {
        guard let data = FileManager.default.contents(atPath: path),
            case .object(let note)? = try? JSONParser.parse([UInt8](data)),
            case .array(let sources)? = note["sources"], let rows = note["rows"]?.integer,
            let bytes = note["bytes"]?.integer, let inputBytes = note["input_bytes"]?.integer, rows >= 0, bytes >= 0
        else { return nil }
        let names = sources.compactMap { if case .string(let name) = $0 { name } else { nil } }
        return State(sources: names, rows: rows, bytes: bytes, inputBytes: inputBytes)
    }
}
