import Compute
import HTTPProtocol
import Inference
import JSON
import Results
import Tokenization

/// The form of `/tokenize`'s answer.
enum TokenizeOutput: String, CaseIterable {
    /// A list of token objects for each input.
    case tokens
    /// The model's padded arrays.
    case batch
}

extension TEIRoutes {
    /// `[[{id, text, special, start, stop, type_id, token}]]`, or the padded arrays as an object.
    static func tokenize(_ request: RouteRequest, _ context: RouteContext) throws -> Response {
        let fields = try request.fields()
        let inference = try context.inference
        var options = TokenizeOptions()
        options.input = try fields.inputOptions()
        options.addSpecialTokens = try fields.boolean("add_special_tokens") ?? true
        let unit = try fields.choice("offsets", OffsetUnit.self) ?? .byte
        let output = try fields.choice("output", TokenizeOutput.self) ?? .tokens
        options.isPadded = output == .batch
        let given = try fields.joiningTextPair(to: fields.inputs())
        let inputs = try inference.prompted(given, by: options.input.promptName)
        let encodings = try inference.tokenize(inputs, options: options)
        var writer = JSONWriter(checking: RequestOptions.check)
        switch output {
        case .tokens:
            let tokenizer = try inference.tokenizer()
            writer.array(zip(inputs, encodings)) { writer, element in
                write(element.1, of: element.0, unit, tokenizer, &writer)
            }
        case .batch:
            let padTokenID = try inference.tokenizer().padTokenID
            let sequences = encodings.map {
                InputSequence(inputIDs: $0.ids, tokenTypeIDs: $0.typeIDs, task: Never?.none)
            }
            write(Batch(sequences, padTokenID: padTokenID), &writer)
        }
        return .json(try writer.finish())
    }

    private static func write(
        _ encoding: Encoding,
        of input: TextInput,
        _ unit: OffsetUnit,
        _ tokenizer: Tokenizer,
        _ writer: inout JSONWriter
    ) {
        let (texts, offsets): ([String], [Range<Int32>]) =
            switch input {
            case .text(let text): ([text], encoding.offsets(in: unit, text: text))
            case .pair(let text, let pair): ([text, pair], encoding.offsets(in: unit, text: text, pair: pair))
            // The client sent ids, so there is no text that offsets could point into.
            case .arrays: ([], encoding.ids.map { _ in 0..<0 })
            }
        writer.array(encoding.ids.indices) { writer, index in
            encoding.token(at: index, of: texts, offsets: offsets, by: tokenizer).write(to: &writer)
        }
    }

    /// Writes the padded arrays, [batchSize, sequenceLength].
    private static func write(_ batch: Batch<Never?>, _ writer: inout JSONWriter) {
        func write(_ name: String, _ values: [some FixedWidthInteger], _ writer: inout JSONWriter) {
            writer.key(name)
            writer.array(0..<batch.batchSize) { writer, index in
                writer.array(values[batch.positions(ofSequence: index)]) { $0.integer(Int($1)) }
            }
        }
        writer.object { writer in
            write("input_ids", batch.inputIDs, &writer)
            write("token_type_ids", batch.tokenTypeIDs, &writer)
            write("attention_mask", batch.attentionMask, &writer)
        }
    }
}

extension TEIRoutes {
    /// `["…"]`, the text of each list of ids.
    static func decode(_ request: RouteRequest, _ context: RouteContext) throws -> Response {
        let fields = try request.fields()
        let inference = try context.inference
        let skipSpecialTokens = try fields.boolean("skip_special_tokens") ?? true
        let lists = try fields.idLists()
        let limit = inference.configuration.maxClientBatchSize
        guard lists.count <= limit else { throw InferenceError.tooManyInputs(count: lists.count, limit: limit) }
        let tokenizer = try inference.tokenizer()
        return try .json { writer in
            try writer.array(lists) { writer, ids in
                writer.string(try tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens))
            }
        }
    }
}
