import Tokenization

/// Texts and tokenizers.
enum TokenizerFuzzing {
    private static let bundled = Repository.load {
        try Tokenizer(directory: "\(Repository.root)/Models/mobilebert-mini")
    }

    /// The first two bytes are options; the rest is a text, or two texts separated by a NUL.
    static func encode(_ input: [UInt8]) {
        guard input.count > 2 else { return }
        let direction: TruncationDirection = input[0] & 1 == 0 ? .right : .left
        let truncation = input[0] & 2 == 0 ? nil : Truncation(maxLength: Int(input[1]) + 3, direction: direction)
        let options = EncodingOptions(addSpecialTokens: input[0] & 4 == 0, truncation: truncation)
        let parts = input.dropFirst(2).split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        check(bundled, text: parts[0], pair: parts.count > 1 && input[0] & 8 == 0 ? parts[1] : nil, options)
    }

    /// The input is a tokenizer.json; the tokenizer made from it must work.
    static func load(_ input: [UInt8]) {
        let folder = Repository.scratchFolder(holding: input, as: "tokenizer.json")
        guard let tokenizer = try? Tokenizer(directory: folder) else { return }
        check(tokenizer, text: "Hello, [MASK] w\u{F6}rld! 中 unaffable", pair: nil, EncodingOptions())
    }

    private static func check(_ tokenizer: Tokenizer, text: String, pair: String?, _ options: EncodingOptions) {
        guard let encoding = try? tokenizer.encode(text, pair: pair, options: options) else { return }
        let count = encoding.count
        precondition(encoding.typeIDs.count == count && encoding.offsets.count == count)
        precondition(encoding.specialTokensMask.count == count && encoding.sequenceIDs.count == count)
        precondition(encoding.ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
        if let limit = options.truncation?.maxLength { precondition(count <= limit, "\(count) tokens of \(limit)") }
        for (range, sequence) in zip(encoding.offsets, encoding.sequenceIDs) where sequence >= 0 {
            let source = sequence == 0 ? text : pair ?? ""
            precondition(range.lowerBound >= 0 && Int(range.upperBound) <= source.utf8.count)
        }
        precondition(encoding.offsets(in: .utf16, text: text, pair: pair).count == count)
        precondition((try? tokenizer.decode(encoding.ids)) != nil, "its own ids cannot be decoded")
    }
}
