/// Hugging Face's `BertNormalizer`, whose steps are done in one pass over the text.
struct BertNormalizer: Sendable, Equatable {
    /// Whether to drop control characters, U+0000 and U+FFFD, and to turn white space into spaces.
    var cleanText: Bool
    /// Whether to put spaces around CJK ideographs.
    var handleChineseChars: Bool
    /// Whether to decompose canonically (NFD) and drop nonspacing marks.
    var stripAccents: Bool
    /// Whether to convert to lower case.
    var lowercase: Bool

    /// A normalizer without any step.
    static let identity = BertNormalizer(
        cleanText: false,
        handleChineseChars: false,
        stripAccents: false,
        lowercase: false
    )

    /// The properties of scalars that it changes or drops. (White space becomes spaces, and ideographs get spaces
    /// around them, which are no part of any word.)
    var changed: ScalarProperties {
        var changed: ScalarProperties = []
        if cleanText { changed.formUnion(.removedByCleaning) }
        if stripAccents { changed.formUnion([.decomposes, .reorders, .nonspacingMark]) }
        if lowercase { changed.formUnion(.changesWhenLowercased) }
        return changed
    }
}

extension BertNormalizer {
    /// Appends the normalized form of `bytes[range]` to `output`.
    ///
    /// The steps follow `tokenizers`' normalizers/bert.rs and normalizer.rs, but scalar by scalar instead of text by
    /// text. The result and its origins are the same, because only decomposition depends on more than one scalar, and
    /// never across a scalar of combining class 0. `range` must begin with such a scalar: at the beginning of a text,
    /// or with ASCII. It breaks off when nobody waits for the text any more (``Tokenizer/isAwaited``).
    func normalize(_ bytes: Span<UInt8>, _ range: Range<Int>, into output: inout NormalizedText) {
        var marks = CombiningRun()
        var position = range.lowerBound
        while position < range.upperBound {
            let pause = min(range.upperBound, position + Tokenizer.bytesBetweenQuestions)
            while position < pause {
                var (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
                let origin = Int32(truncatingIfNeeded: position)..<Int32(truncatingIfNeeded: position + length)
                position += length
                var properties = ScalarProperties(of: scalar)
                if cleanText {
                    if properties.contains(.removedByCleaning) { continue }
                    if properties.contains(.whiteSpace) {
                        // U+2000 and U+2001 have decompositions, but the space that they become has none.
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
            if position < range.upperBound, !Tokenizer.isAwaited() { break }
        }
        marks.flush(into: &output, lowercase: lowercase)
    }

    /// Does the last two steps for one scalar: it strips accents and converts to lower case.
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

    /// Adds a scalar of a decomposed text.
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
    /// Appends a scalar, in lower case if `lowercase`.
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
