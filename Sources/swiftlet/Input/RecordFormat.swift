import ArgumentParser

/// The form of an input file of texts.
enum RecordFormat: String, CaseIterable, ExpressibleByArgument {
    /// One text a line.
    case txt
    /// JSON Lines: one object a line.
    case jsonl
    /// Comma-separated values (RFC 4180) below a line of names.
    case csv
    /// Tab-separated values below a line of names.
    case tsv

    /// What a file's ending says; lines of text where it says nothing.
    init(path: String) {
        let name = path.split(separator: "/").last ?? ""
        let ending = name.contains(".") ? name.split(separator: ".").last?.lowercased() : nil
        self = ending.flatMap { $0 == "ndjson" ? .jsonl : RecordFormat(rawValue: $0) } ?? .txt
    }
}

/// Which fields of which form of records are wanted.
struct RecordFields: Sendable, Equatable {
    var format: RecordFormat
    /// The columns' names, or the objects' keys; a file of lines has but the one field.
    var names: [String]
}
