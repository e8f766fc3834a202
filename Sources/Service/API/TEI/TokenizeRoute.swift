import HTTPServer
import JSON
import Tokenization

/// The form of `/tokenize`'s answer.
enum TokenizeOutput: String, CaseIterable {
    /// A list of token objects for each input.
    case tokens
    /// The model's padded arrays.
    case batch
}

extension TEIRoutes {
    /// `[[{id, text, special, start, stop, type_id}]]`, or the padded arrays as an object.
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
        var writer = JSONWriter()
        switch output {
        case .tokens:
            let tokenizer = try inference.tokenizer()
            writer.array(zip(inputs, encodings)) { writer, element in
                write(element.1, of: element.0, unit, tokenizer, &writer)
            }
        case .batch:
            let padTokenID = try inference.tokenizer().padTokenID
            write(PaddedEncodings(encodings, padTokenID: padTokenID), &writer)
        }
        return .json(writer.bytes)
    }

    private static func write(
        _ encoding: Encoding,
        of input: TextInput,
        _ unit: OffsetUnit,
        _ tokenizer: Tokenizer,
        _ writer: inout JSONWriter
    ) {
        let offsets = offsets(of: encoding, in: input, unit)
        writer.array(encoding.ids.indices) { writer, index in
            let isSpecial = encoding.specialTokensMask[index]
            writer.object { writer in
                writer.key("id")
                writer.integer(encoding.ids[index])
                writer.key("text")
                writer.string(tokenizer.token(id: encoding.ids[index]) ?? "")
                writer.key("special")
                writer.boolean(isSpecial)
                writer.key("start")
                if isSpecial { writer.null() } else { writer.integer(offsets[index].lowerBound) }
                writer.key("stop")
                if isSpecial { writer.null() } else { writer.integer(offsets[index].upperBound) }
                writer.key("type_id")
                writer.integer(encoding.typeIDs[index])
            }
        }
    }

    private static func offsets(of encoding: Encoding, in input: TextInput, _ unit: OffsetUnit) -> [Range<Int32>] {
        switch input {
        case .text(let text): encoding.offsets(in: unit, text: text, pair: nil)
        case .pair(let text, let pair): encoding.offsets(in: unit, text: text, pair: pair)
        // There is no text of the client's that offsets could point into.
        case .ids: encoding.ids.map { _ in 0..<0 }
        }
    }

    private static func write(_ batch: PaddedEncodings, _ writer: inout JSONWriter) {
        let arrays = [
            ("input_ids", batch.inputIDs), ("token_type_ids", batch.tokenTypeIDs),
            ("attention_mask", batch.attentionMask),
        ]
        writer.object { writer in
            for (name, rows) in arrays {
                writer.key(name)
                writer.array(rows) { writer, row in writer.array(row) { $0.integer($1) } }
            }
        }
    }
}
