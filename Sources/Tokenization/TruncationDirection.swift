/// The side of a text from which truncation takes tokens away.
package enum TruncationDirection: String, Sendable, CaseIterable {
    /// The end goes: the beginning of the text is kept.
    case right
    /// The beginning goes: the end of the text is kept.
    case left
}
