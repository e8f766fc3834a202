/// A text to work on, and where it was given.
struct Text: Sendable, Equatable {
    /// Its argument's or its line's number, from 0; lines that are skipped count.
    var index: Int
    var content: String
}
