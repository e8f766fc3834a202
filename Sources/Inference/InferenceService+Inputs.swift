import Budget
import Encoder
import JSON
import Time
package import Tokenization

extension TextInput {
    /// The number of Unicode scalars, or of ids where there is no text.
    fileprivate var characterCount: Int {
        switch self {
        case .text(let text): text.scalarCount
        case .pair(let text, let pair): text.scalarCount + pair.scalarCount
        case .arrays(let arrays): arrays.inputIDs.count
        }
    }
}

/// How `/tokenize` treats its inputs.
package struct TokenizeOptions: Sendable, Equatable {
    /// Whether the model's special tokens ([CLS], [SEP]) are put around the text.
    package var addSpecialTokens = true
    /// Whether inputs longer than `input.maxLength`, or than the model takes, are cut; nil: only if a length is given.
    /// They are never refused.
    package var input = InputOptions()
    /// Whether the result is the model's arrays, padded to the longest input. Padding counts against the limit then.
    package var isPadded = false

    /// The defaults of `/tokenize`.
    package init() {}
}

extension InferenceService {
    /// Tokenizes without running the model. Inputs of ids are decoded to text first.
    package func tokenize(_ inputs: [TextInput], options: TokenizeOptions) throws -> [Encoding] {
        try checkCount(inputs.count)
        let requested = options.input.maxLength
        let cuts = options.input.truncate ?? (requested != nil)
        let limit = min(requested ?? maxInputLength, Int(Int32.max))
        let truncation = cuts ? Truncation(maxLength: limit, direction: direction(options.input)) : nil
        let encodingOptions = EncodingOptions(
            addSpecialTokens: options.addSpecialTokens,
            truncation: truncation,
            forModel: options.isPadded
        )
        var encodings: [Encoding] = []
        var (total, longest) = (0, 0)
        for input in inputs {
            try RequestOptions.check()
            let encoding = try encode(input, encodingOptions)
            total += encoding.count
            longest = max(longest, encoding.count)
            let tokens = options.isPadded ? longest * inputs.count : total
            guard tokens <= configuration.maxTokenizedTokens else {
                throw InferenceError.tokenizationTooLarge(tokens: tokens, limit: configuration.maxTokenizedTokens)
            }
            try RequestMemory.take(Encoding.bytes(tokens: encoding.count, collectsOffsets: true), for: .tokens)
            encodings.append(encoding)
        }
        return encodings
    }

    /// The inputs with a prompt before each text. Pairs and ids stay as they are.
    ///
    /// - Parameter name: the prompt's name; nil for the default prompt, if there is one.
    /// - Throws: `unknownPrompt`, and `promptWithoutText` where a named prompt cannot be put before an input.
    package func prompted(_ inputs: [TextInput], by name: String?) throws(InferenceError) -> [TextInput] {
        guard let prompt = try prompt(named: name) else { return inputs }
        var prompted: [TextInput] = []
        prompted.reserveCapacity(inputs.count)
        for (index, input) in inputs.enumerated() {
            if case .text(let text) = input {
                prompted.append(.text(prompt + text))
            } else if name == nil {
                prompted.append(input)
            } else {
                throw .promptWithoutText(input: index)
            }
        }
        return prompted
    }

    /// The text of a prompt; nil if texts get none.
    ///
    /// - Parameter name: the prompt's name; nil for the default prompt, if there is one.
    /// - Throws: `unknownPrompt`.
    func prompt(named name: String?) throws(InferenceError) -> String? {
        let known = model.prompts
        let named = name.map { known.texts[ExactText($0)] }
        if let name, named == .some(nil) { throw .unknownPrompt(name, known: known.names) }
        let prompt = named ?? configuration.defaultPrompt ?? model.prompts.defaultText
        return prompt.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Tokenizes for the model: within its length, cut or refused as the options say.
    ///
    /// - Parameters:
    ///   - prompting: whether a prompt goes before each text.
    ///   - collectsOffsets: whether to record where in its text each token stands.
    func encode(
        _ given: [TextInput],
        _ options: InputOptions,
        prompting: Bool = false,
        collectsOffsets: Bool = false
    ) throws -> (rows: [Encoding], usage: Usage) {
        try checkCount(given.count)
        let inputs = prompting ? try prompted(given, by: options.promptName) : given
        if let length = options.maxLength, length < 1 { throw InferenceError.invalidMaxLength(length, minimum: 1) }
        let started = Instant.now
        let limit = min(options.maxLength ?? maxInputLength, maxInputLength)
        let cuts = options.truncate ?? configuration.autoTruncate
        let longest = cuts ? longest(options) : limit
        let encodingOptions = EncodingOptions(
            truncation: Truncation(
                maxLength: limit,
                direction: direction(options),
                strategy: options.truncationStrategy
            ),
            collectOffsets: collectsOffsets,
            forModel: true
        )
        var usage = Usage(characters: given.reduce(0) { $0 + $1.characterCount })
        var rows: [Encoding] = []
        rows.reserveCapacity(inputs.count)
        // Neighbouring pairs often share their first text: a query, a premise.
        var shared = TokenizedText("")
        // Equal inputs share one encoding.
        var firsts: [TextInput: Int] = [:]
        for (index, input) in inputs.enumerated() {
            try RequestOptions.check()
            if inputs.count > 1 {
                let first = firsts[input, default: index]
                if first < index {
                    usage.truncatedInputs += rows[first].truncatedTokenCount == 0 ? 0 : 1
                    rows.append(rows[first])
                    continue
                }
                firsts[input] = index
            }
            let row: Encoding
            if case .arrays(let arrays) = input {
                row = try fit(arrays, index: index, limit: limit, direction: direction(options))
            } else {
                row = try encode(input, encodingOptions, sharing: &shared)
                // Nothing is left of an empty text when the model's template has no special tokens.
                guard row.count > 0 else { throw InferenceError.noTokens(input: index) }
            }
            let dropped = row.truncatedTokenCount
            // More tokens than the limit are left if only the text may be cut and the other text alone is too long.
            guard dropped == 0 || cuts, row.count <= longest else {
                throw InferenceError.tooLong(input: index, tokens: row.count + dropped, limit: limit)
            }
            try RequestMemory.take(Encoding.bytes(tokens: row.count, collectsOffsets: collectsOffsets), for: .tokens)
            usage.truncatedInputs += dropped == 0 ? 0 : 1
            rows.append(row)
        }
        usage.tokenizationTime = started.duration(to: .now)
        return (rows, usage)
    }

    /// The most tokens of an input that has been cut. What the tokenizer's template then adds beyond the limit only has
    /// to have positions, as in transformers.
    private func longest(_ options: InputOptions) -> Int {
        let limit = min(options.maxLength ?? maxInputLength, maxInputLength)
        guard options.maxLength == nil, configuration.maxInputLength == nil, let tokenizer = model.tokenizer,
            tokenizer.exceedsTruncation
        else { return limit }
        return model.encoder.configuration.maxPositionEmbeddings
    }

    /// The end at which inputs are cut: what the client says, else what the model's tokenizer does.
    private func direction(_ options: InputOptions) -> TruncationDirection {
        options.truncationDirection ?? model.truncationDirection
    }

    /// Encodes one input, with the tokens of the last pair's first text where it is the same.
    private func encode(
        _ input: TextInput,
        _ options: EncodingOptions,
        sharing shared: inout TokenizedText
    ) throws -> Encoding {
        guard case .pair(let text, let pair) = input else { return try encode(input, options) }
        if !text.equals(shared.text) { shared = TokenizedText(text) }
        return try tokenizer().encode(&shared, pair: pair, options: options)
    }

    func checkCount(_ count: Int) throws(InferenceError) {
        guard count > 0 else { throw .noInputs }
        guard count <= configuration.maxClientBatchSize else {
            throw .tooManyInputs(count: count, limit: configuration.maxClientBatchSize)
        }
    }

    private func encode(_ input: TextInput, _ options: EncodingOptions) throws -> Encoding {
        switch input {
        case .text(let text): try tokenizer().encode(text, options: options)
        case .pair(let text, let pair): try tokenizer().encode(text, pair: pair, options: options)
        case .arrays(let arrays):
            // Without the clean-up, which may change words.
            try tokenizer().encode(
                tokenizer().decode(arrays.inputIDs, skipSpecialTokens: false, cleansUp: false),
                options: options
            )
        }
    }

    /// Checks given arrays and cuts them to the limit; a first [CLS] and last [SEP] are kept, as in a text.
    private func fit(
        _ arrays: InputArrays,
        index: Int,
        limit: Int,
        direction: TruncationDirection
    ) throws(InferenceError) -> Encoding {
        let ids = arrays.inputIDs
        try check(arrays, index: index)
        var kept = arrays
        if ids.count > limit {
            let framed = limit > 2 && isSpecial(ids[0]) && isSpecial(ids[ids.count - 1])
            let body = framed ? 1..<ids.count - 1 : ids.indices
            let capacity = framed ? limit - 2 : limit
            let part = direction == .right ? body.prefix(capacity) : body.suffix(capacity)
            kept = arrays.keeping(framed ? [0..<1, part, ids.count - 1..<ids.count] : [part])
            guard !kept.inputIDs.isEmpty else { throw .nothingAttended(input: index) }
        }
        return Encoding(
            ids: kept.inputIDs,
            typeIDs: kept.tokenTypeIDs,
            attentionMask: kept.attentionMask,
            truncatedTokenCount: ids.count - kept.inputIDs.count
        )
    }

    /// Checks that the model has an embedding for each entry of given arrays.
    private func check(_ arrays: InputArrays, index: Int) throws(InferenceError) {
        guard !arrays.inputIDs.isEmpty else {
            throw arrays.attentionMask == nil ? .emptyIDs(input: index) : .nothingAttended(input: index)
        }
        let configuration = model.encoder.configuration
        let (words, types) = (configuration.vocabularySize, configuration.typeVocabularySize)
        for id in arrays.inputIDs where id < 0 || id >= words {
            throw .unknownID(input: index, id: id, vocabularySize: words)
        }
        for id in arrays.tokenTypeIDs ?? [] where id != 0 && !(0..<types).contains(Int(id)) {
            throw .unknownTypeID(input: index, id: id, typeVocabularySize: types)
        }
    }

    /// Whether an id belongs to a special token such as [CLS].
    func isSpecial(_ id: Int32) -> Bool {
        model.tokenizer?.isSpecial(id: id) ?? false
    }
}

extension Encoding {
    /// The memory of an encoding, from here to the queue: ids, type ids and masks with the headers of their arrays, and
    /// offsets where they are collected.
    static func bytes(tokens: Int, collectsOffsets: Bool) -> Int {
        512 + tokens * (collectsOffsets ? 64 : 32)
    }
}
