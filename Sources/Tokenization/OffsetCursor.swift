/// A place in a UTF-8 text, known in bytes and in another unit. A move costs what it passes over, so that the places of
/// many tokens in turn cost one pass over their text.
package struct OffsetCursor: Sendable {
    private var byte = 0
    private var converted: Int32 = 0

    /// At the text's beginning.
    package init() {}

    /// Moves to a byte offset, forwards or back, and returns the same place in `unit`, always the same one.
    package mutating func move(to target: Int32, in bytes: Span<UInt8>, unit: OffsetUnit) -> Int32 {
        let target = min(Int(target), bytes.count)
        while byte < target {
            converted += bytes[byte].unitsStarted(in: unit)
            byte += 1
        }
        while byte > target {
            byte -= 1
            converted -= bytes[byte].unitsStarted(in: unit)
        }
        return converted
    }
}

extension UInt8 {
    /// How many units of `unit` the scalar has that begins with this byte of UTF-8; 0 for a continuation byte.
    fileprivate func unitsStarted(in unit: OffsetUnit) -> Int32 {
        if self & 0xC0 == 0x80, unit != .byte { return 0 }
        return unit == .utf16 && self >= 0xF0 ? 2 : 1
    }
}
