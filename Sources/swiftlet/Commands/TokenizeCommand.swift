import ArgumentParser
import Inference
import JSON
import Results
import Tokenization

extension OffsetUnit: ExpressibleByArgument {}

/// `swiftlet tokenize`: gives the tokens of each text, with their places in the text.
struct TokenizeCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Show the tokens of each text: id, piece and place in the text.",
        discussion: """
            The command needs only the model's tokenizer, not its weights. Texts are cut only with --max-length or \
            --truncate.

            EXAMPLES
              swiftlet tokenize "Unbelievable!"
              swiftlet tokenize --pair "Fine, thanks." "How are you?"
              swiftlet tokenize --offsets utf16 --input texts.txt > tokens.jsonl

            Each line of JSON is {"index": 0, "tokens": [{"id": 101, "text": "[CLS]", "special": true, "start": null, \
            "stop": null, "type_id": 0, "token": "[CLS]"}, …]}; index is the number of the line or argument, from \
            0. text is what stands in the text from start to stop; token is the vocabulary's.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var textOptions: TextOptions
    @OptionGroup var lengthOptions: LengthOptions

    @Option(help: ArgumentHelp("What start and stop count: bytes of UTF-8, Unicode scalars or UTF-16 units."))
    var offsets = OffsetUnit.byte

    @Flag(inversion: .prefixedNo, help: "Put the model's special tokens ([CLS], [SEP]) around each text.")
    var specialTokens = true

    @Option(help: ArgumentHelp("Second text that is encoded together with each text.", valueName: "text"))
    var pair: String?

    func run() async throws {
        let tokenizer = try await modelOptions.tokenizer()
        let options = encodingOptions(of: tokenizer)
        try await run(textOptions) { [pair, offsets, lengthOptions] text in
            let encoding = try tokenizer.encode(text.content, pair: pair, options: options)
            if lengthOptions.truncate == false, let limit = lengthOptions.maxLength, encoding.count > limit {
                throw InferenceError.tooLong(input: 0, tokens: encoding.count, limit: limit)
            }
            let places = encoding.offsets(in: offsets, text: text.content, pair: pair)
            let texts = pair.map { [text.content, $0] } ?? [text.content]
            return encoding.ids.indices.map { index in
                encoding.token(at: index, of: texts, offsets: places, by: tokenizer)
            }
        }
    }

    /// The options of encoding. A text is cut to --max-length or, with --truncate, to the model's length.
    private func encodingOptions(of tokenizer: Tokenizer) -> EncodingOptions {
        let cuts = lengthOptions.truncate ?? (lengthOptions.maxLength != nil)
        let limit = cuts ? lengthOptions.maxLength ?? tokenizer.modelMaxLength : nil
        let direction = lengthOptions.truncationDirection ?? tokenizer.truncationDirection
        return EncodingOptions(
            addSpecialTokens: specialTokens,
            truncation: limit.map { Truncation(maxLength: $0, direction: direction) }
        )
    }

    func write(_ tokens: [EncodedToken], of text: Text, to writer: inout JSONWriter) {
        writer.key("tokens")
        writer.beginArray()
        for token in tokens { token.write(to: &writer) }
        writer.endArray()
    }

    func lines(_ tokens: [EncodedToken], of text: Text) -> [String] {
        let heading = ["", "id", "token", offsets.rawValue, "type"]
        let rows = tokens.map { token in
            let place = token.place.map { "\($0.lowerBound)–\($0.upperBound)" } ?? ""
            return ["", "\(token.id)", Columns.shown(token.token), place, "\(token.typeID)"]
        }
        return [Columns.shown(text.content)] + Columns.aligned([heading] + rows, alignedRight: [1, 3])
    }
}
