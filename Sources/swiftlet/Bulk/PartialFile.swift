import Foundation
import JSON

/// A file that is written under a name of its own until it is whole, with a note beside it of how far it is known to be
/// right, so that an interrupted run can go on.
struct PartialFile: ~Copyable {
    /// What is known of a file in the making.
    struct State: Equatable {
        /// What its contents follow from: the input, the model and the options.
        var sources: [String]
        /// Rows written.
        var rows = 0
        /// Bytes of them, and of what stands before.
        var bytes = 0
        /// Bytes of the input that they are of.
        var inputBytes = 0
    }

    /// Its name when it is whole.
    private let path: String
    private let file: OutputFile
    private(set) var state: State
    /// Whether rows of an earlier run were found.
    var isResumed: Bool { state.rows > 0 }
    /// Whether an earlier run was found that had other sources.
    let discardsOther: Bool

    private var notePath: String { Self.notePath(path) }

    private static func notePath(_ path: String) -> String { path + ".partial.json" }

    /// Opens what an earlier run with the same sources has left, or begins anew.
    ///
    /// - Throws: `writeFailed`, also when another process is writing it.
    init(path: String, sources: [String]) throws(CommandError) {
        let file = try OutputFile(path: path + ".partial")
        let found = Self.note(at: Self.notePath(path))
        var state = State(sources: sources)
        if let found, found.sources == sources, try file.size() >= found.bytes { state = found }
        try file.truncate(to: state.bytes)
        self.path = path
        self.file = file
        self.state = state
        discardsOther = found.map { $0.sources != sources } ?? false
    }

    /// Adds rows with their bytes, and notes that they are there.
    ///
    /// - Parameter inputBytes: where the input goes on.
    mutating func append(_ bytes: [UInt8], rows: Int, upTo inputBytes: Int) throws(CommandError) {
        try file.write(bytes)
        // What the note says must be there, even after a failure of power.
        try file.synchronize()
        state.rows += rows
        state.bytes += bytes.count
        state.inputBytes = inputBytes
        try writeNote()
    }

    /// Gives the file its name, once `header` is in the place of the one written first.
    consuming func finish(header: [UInt8]) throws(CommandError) {
        try file.writeAtStart(header)
        try file.synchronize()
        try file.rename(to: path)
        unsafe unlink(notePath)
    }

    /// Forgets the rows: they are of an input that has changed since.
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
        let note = try OutputFile(path: notePath + ".new")
        try note.truncate(to: 0)
        try note.write(writer.bytes)
        try note.rename(to: notePath)
    }

    /// The note at `path`; nil where there is none, or none that can be made sense of.
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
