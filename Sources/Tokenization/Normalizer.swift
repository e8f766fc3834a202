/// Which steps of normalization a tokenizer takes; the names are those of Hugging Face's `BertNormalizer`.
struct Normalizer: Sendable, Equatable {
    /// Drop control characters, U+0000 and U+FFFD; turn white space into spaces.
    var cleanText: Bool
    /// Put spaces around CJK ideographs.
    var handleChineseChars: Bool
    /// Decompose canonically (NFD) and drop nonspacing marks.
    var stripAccents: Bool
    /// Put into lower case.
    var lowercase: Bool

    /// No step at all.
    static let identity = Normalizer(
        cleanText: false,
        handleChineseChars: false,
        stripAccents: false,
        lowercase: false
    )
}

extension Normalizer {
    /// Appends the normalized form of `bytes[range]` to `output`.
    ///
    /// The steps follow `tokenizers`' normalizers/bert.rs and normalizer.rs, scalar by scalar instead of text by
    /// text. What comes out and where it comes from is the same, because only decomposition looks farther than one
    /// scalar, and it never past one of combining class 0. `range` must begin at such a place: at the beginning of a
    /// text, or with ASCII.
    func normalize(_ bytes: Span<UInt8>, _ range: Range<Int>, into output: inout NormalizedText) {
        var marks = CombiningRun()
        var position = range.lowerBound
        while position < range.upperBound {
            var (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
            let origin = Int32(truncatingIfNeeded: position)..<Int32(truncatingIfNeeded: position + length)
            position += length
            var properties = ScalarProperties(of: scalar)
            if cleanText {
                if properties.contains(.removedByCleaning) { continue }
                if properties.contains(.whiteSpace) {
                    // U+2000 and U+2001 would decompose, but the space that they become does not.
                    (scalar, properties) = (0x20, .whiteSpace)
                }
            }
            if handleChineseChars && properties.contains(.chinese) {
                marks.flush(into: &output, lowercase: lowercase)
                output.append(0x20, from: origin)
                decompose(scalar, properties, from: origin, marks: &marks, into: &output)
                marks.flush(into: &output, lowercase: lowercase)
                output.append(0x20, from: origin)
            } else {
                decompose(scalar, properties, from: origin, marks: &marks, into: &output)
            }
        }
        marks.flush(into: &output, lowercase: lowercase)
    }

    /// The last two steps, for one scalar: stripping of accents and lower case.
    @inline(__always)
    private func decompose(
        _ scalar: UInt32,
        _ properties: ScalarProperties,
        from origin: Range<Int32>,
        marks: inout CombiningRun,
        into output: inout NormalizedText
    ) {
        let isPlain = properties.isDisjoint(with: [.decomposes, .reorders, .nonspacingMark])
        if isPlain || !stripAccents {
            marks.flush(into: &output, lowercase: lowercase)
            if lowercase && properties.contains(.changesWhenLowercased) {
                LowercaseMapping.lowercase(scalar) { output.append($0, from: origin) }
            } else {
                output.append(scalar, from: origin)
            }
        } else if properties.contains(.decomposes) {
            var isFirst = true
            CanonicalDecomposition.decompose(scalar) { part in
                let partProperties = ScalarProperties(of: part)
                add(part, partProperties, from: origin, isFirst: isFirst, marks: &marks, into: &output)
                isFirst = false
            }
        } else {
            add(scalar, properties, from: origin, isFirst: true, marks: &marks, into: &output)
        }
    }

    /// Takes one scalar of a decomposed text.
    private func add(
        _ scalar: UInt32,
        _ properties: ScalarProperties,
        from origin: Range<Int32>,
        isFirst: Bool,
        marks: inout CombiningRun,
        into output: inout NormalizedText
    ) {
        if properties.contains(.reorders) {
            marks.append(scalar, properties, from: origin, isFirst: isFirst)
            return
        }
        marks.flush(into: &output, lowercase: lowercase)
        marks.lastOrigin = origin
        if !properties.contains(.nonspacingMark) {
            output.appendLowercased(scalar, properties, from: origin, lowercase: lowercase)
        }
    }
}

extension NormalizedText {
    /// Appends a scalar, in lower case where that is asked for.
    mutating func appendLowercased(
        _ scalar: UInt32,
        _ properties: ScalarProperties,
        from origin: Range<Int32>,
        lowercase: Bool
    ) {
        if lowercase && properties.contains(.changesWhenLowercased) {
            LowercaseMapping.lowercase(scalar) { append($0, from: origin) }
        } else {
            append(scalar, from: origin)
        }
    }
}
