/// What offsets into a text are counted in.
package enum OffsetUnit: String, Sendable, CaseIterable {
    /// Bytes of UTF-8: this tokenizer's own unit.
    case byte
    /// Unicode scalar values: what Hugging Face's Python bindings give.
    case scalar
    /// Units of UTF-16: what JavaScript, Java and C# index their strings by.
    case utf16
}
