/// What is done to a text before it is split into words: the section `normalizer` of a tokenizer.json.
enum Normalizer: Sendable {
    /// A `BertNormalizer`, in one pass.
    case bert(BertNormalizer)
    /// Other steps, one after another.
    case steps([NormalizationStep])

    /// The `BertNormalizer`, if it is nothing else.
    var bert: BertNormalizer? { if case .bert(let normalizer) = self { normalizer } else { nil } }

    /// A normalizer that also converts text to lower case.
    var lowercased: Normalizer {
        switch self {
        case .bert(var normalizer):
            normalizer.lowercase = true
            return .bert(normalizer)
        case .steps(let steps):
            return .steps([.lowercase] + steps)
        }
    }

    /// The normalized form of a part of a text.
    func normalized(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(TokenizerError) -> NormalizedText {
        switch self {
        case .bert(let normalizer):
            var text = NormalizedText()
            normalizer.normalize(bytes, range, into: &text)
            return text
        case .steps(let steps):
            var text = NormalizedText(bytes, range)
            for step in steps { try step.apply(to: &text) }
            return text
        }
    }
}

/// A step of a normalization, with its name in `tokenizers`.
enum NormalizationStep: Sendable {
    /// `BertNormalizer`, between other steps.
    case bert(BertNormalizer)
    /// `Lowercase`: to lower case, scalar by scalar.
    case lowercase
    /// `NFC`, `NFD`, `NFKC` and `NFKD`.
    case form(NormalizationForm)
    /// `StripAccents`: marks of all kinds are removed. (`BertNormalizer` decomposes first and removes fewer kinds.)
    case stripAccents
    /// `Strip`: white space at the beginning and at the end is removed.
    case strip(left: Bool, right: Bool)
    /// `Replace`: each match is replaced by the content.
    case replace(Pattern, content: [UInt8])
    /// `Prepend`: the content is put before a text that is not empty.
    case prepend([UInt32])
    /// `Nmt`: some control characters are removed, others become spaces.
    case nmt

    /// Normalizes a text further.
    func apply(to text: inout NormalizedText) throws(TokenizerError) {
        switch self {
        case .bert(let normalizer): normalizer.apply(to: &text)
        case .lowercase: text.lowercase()
        case .form(let form): text.transform(form.changes(of: text.scalars))
        case .stripAccents: text.filter { !ScalarProperties(of: $0).contains(.mark) }
        case .strip(let left, let right): text.strip(left: left, right: right)
        case .replace(let pattern, let content):
            let ranges = try pattern.matches(in: text.bytes.span, 0..<text.bytes.count)
            let added = ranges.count.multipliedReportingOverflow(by: content.count)
            guard !added.overflow, text.bytes.count + added.partialValue <= Tokenizer.maximumTextBytes else {
                throw .textTooLong(byteCount: added.overflow ? .max : text.bytes.count + added.partialValue)
            }
            text.replace(ranges, with: content)
        case .prepend(let content): text.prepend(content)
        case .nmt: text.replaceControls()
        }
    }
}

extension BertNormalizer {
    /// Does all steps one after another. Behind another normalizer one pass would not do, because the origins of
    /// reordered marks depend on the whole text before them.
    fileprivate func apply(to text: inout NormalizedText) {
        if cleanText {
            text.filter { !ScalarProperties(of: $0).contains(.removedByCleaning) }
            text.map { ScalarProperties(of: $0).contains(.whiteSpace) ? 0x20 : $0 }
        }
        if handleChineseChars {
            text.transformScalars { changes, scalar in
                if ScalarProperties(of: scalar).contains(.chinese) {
                    changes += [ScalarChange(0x20), ScalarChange(scalar, 1), ScalarChange(0x20, 1)]
                } else {
                    changes.append(ScalarChange(scalar))
                }
            }
        }
        if stripAccents {
            text.transform(NormalizationForm.canonicalDecomposition.changes(of: text.scalars))
            text.filter { !ScalarProperties(of: $0).contains(.nonspacingMark) }
        }
        if lowercase { text.lowercase() }
    }
}

extension NormalizedText {
    fileprivate mutating func lowercase() {
        transformScalars { changes, scalar in
            guard ScalarProperties(of: scalar).contains(.changesWhenLowercased) else {
                changes.append(ScalarChange(scalar))
                return
            }
            var change = 0
            LowercaseMapping.lowercase(scalar) { lower in
                changes.append(ScalarChange(lower, change))
                change = 1
            }
        }
    }

    fileprivate mutating func strip(left: Bool, right: Bool) {
        func isSpace(_ scalar: UInt32) -> Bool { ScalarProperties(of: scalar).contains(.whiteSpace) }
        let scalars = scalars
        let leading = left ? scalars.prefix(while: isSpace).count : 0
        let trailing = right ? scalars.reversed().prefix(while: isSpace).count : 0
        guard leading > 0 || trailing > 0 else { return }
        var kept = scalars.dropFirst(leading).dropLast(min(trailing, scalars.count - leading)).map { ScalarChange($0) }
        if !kept.isEmpty { kept[kept.count - 1].change = -trailing }
        transform(kept, removingFirst: leading)
    }

    fileprivate mutating func prepend(_ content: [UInt32]) {
        guard let first = scalars.first else { return }
        let changes = content.enumerated().map { ScalarChange($1, $0 == 0 ? 0 : 1) } + [ScalarChange(first, 1)]
        transform(0..<UTF8Bytes.scalar(in: bytes.span, at: 0).length, changes)
    }

    /// The two lists of `do_nmt` in `tokenizers`' normalizers/unicode.rs.
    fileprivate mutating func replaceControls() {
        filter { scalar in
            switch scalar {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: false
            default: true
            }
        }
        map { scalar in
            switch scalar {
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: 0x20
            default: scalar
            }
        }
    }
}
