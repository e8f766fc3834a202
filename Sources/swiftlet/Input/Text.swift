/// A text to work on, and where it was given.
struct Text: Sendable, Equatable {
    /// Its argument's, its line's or its record's number, from 0; lines that are skipped count.
    var index: Int
    var content: String
    /// The line that it begins in, from 1; 0 of an argument.
    var line = 0
    /// Bytes of the input up to its end; 0 of an argument.
    var endByte = 0
}
