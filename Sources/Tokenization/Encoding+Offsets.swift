extension Encoding {
    /// The offsets of each token, counted in `unit`.
    ///
    /// - Parameters:
    ///   - text: the text that was encoded.
    ///   - pair: the second text that was encoded with it, if any.
    /// - Complexity: O(tokens + text): the texts are passed over once, because offsets only grow. (Those of overlapping
    ///   matches of added tokens may go back; the pass then starts anew.)
    package func offsets(in unit: OffsetUnit, text: String, pair: String? = nil) -> [Range<Int32>] {
        guard unit != .byte, !offsets.isEmpty else { return offsets }
        let textUTF8 = text.utf8Span
        let pairText = pair ?? ""
        let pairUTF8 = pairText.utf8Span
        var converted: [Range<Int32>] = []
        converted.reserveCapacity(offsets.count)
        var starts = (OffsetCursor(), OffsetCursor())
        var ends = (OffsetCursor(), OffsetCursor())
        for (range, sequence) in zip(offsets, sequenceIDs) {
            switch sequence {
            case 0:
                let start = starts.0.advance(to: range.lowerBound, in: textUTF8.span, unit: unit)
                converted.append(start..<ends.0.advance(to: range.upperBound, in: textUTF8.span, unit: unit))
            case 1:
                let start = starts.1.advance(to: range.lowerBound, in: pairUTF8.span, unit: unit)
                converted.append(start..<ends.1.advance(to: range.upperBound, in: pairUTF8.span, unit: unit))
            default:
                converted.append(0..<0)
            }
        }
        return converted
    }
}

/// A place in a UTF-8 text, known in bytes and in another unit.
private struct OffsetCursor {
    private var byte = 0
    private var converted: Int32 = 0

    /// Moves to a byte offset and returns the same place in `unit`.
    mutating func advance(to target: Int32, in bytes: Span<UInt8>, unit: OffsetUnit) -> Int32 {
        let target = min(Int(target), bytes.count)
        if target < byte { self = OffsetCursor() }
        while byte < target {
            converted += bytes[byte].unitsStarted(in: unit)
            byte += 1
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
