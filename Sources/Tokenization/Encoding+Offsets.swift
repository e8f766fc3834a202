extension Encoding {
    /// The offsets of each token, counted in `unit`.
    ///
    /// - Parameters:
    ///   - text: the text that was encoded.
    ///   - pair: the second text that was encoded with it, if any.
    /// - Complexity: O(tokens + text): the texts are passed over once, because offsets only grow. (Those of overlapping
    ///   matches of added tokens may go back a little.)
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
                let start = starts.0.move(to: range.lowerBound, in: textUTF8.span, unit: unit)
                converted.append(start..<ends.0.move(to: range.upperBound, in: textUTF8.span, unit: unit))
            case 1:
                let start = starts.1.move(to: range.lowerBound, in: pairUTF8.span, unit: unit)
                converted.append(start..<ends.1.move(to: range.upperBound, in: pairUTF8.span, unit: unit))
            default:
                converted.append(0..<0)
            }
        }
        return converted
    }
}
