import ArgumentParser
import Encoder
import Inference
import JSON

extension Pooling: ExpressibleByArgument {}

/// `swiftlet embed`: gives a vector for each text.
struct EmbedCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Give each text its embedding, a vector of numbers.",
        discussion: """
            EXAMPLES
              swiftlet embed "Good morning"
              swiftlet embed --input texts.txt > vectors.jsonl
              swiftlet embed --input reviews.csv --text-column review --output vectors.npy
              swiftlet embed --model ./mobilebert-uncased --pooling cls --no-normalize < texts.txt

            Each line of JSON is {"index": 0, "embedding": [0.01, …]}; index is the line's or the argument's number, \
            from 0. A terminal shows the first numbers only; --format json shows all.

            With --output there is a row for each line or record of the input, even if it is empty. Until the file is \
            complete, the work done so far is beside it (.partial, .partial.json). After an interruption, the same \
            command continues that work, or starts again if the input, the model or an option has changed.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags
    @OptionGroup var textOptions: TextOptions
    @OptionGroup var lengthOptions: LengthOptions

    @Option(
        help: ArgumentHelp(
            "How the tokens' vectors become one vector. (default: the model's 1_Pooling/config.json, else mean)"
        )
    )
    var pooling: Pooling?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Scale each vector to length 1. (default: as the model's modules.json says, else yes)
            """
    )
    var normalize: Bool?

    @Option(
        help: ArgumentHelp(
            "Name of the model's prompt put before each text. (default: the model's own default, if any)",
            valueName: "name"
        )
    )
    var promptName: String?

    @Option(help: ArgumentHelp("Text put before each text, unchanged.", valueName: "text"))
    var prompt: String?

    @Option(help: ArgumentHelp("Keep only the first numbers of each vector. (default: all)", valueName: "count"))
    var dimensions: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File to write the vectors of --input to: .npy (float32), .jsonl or .csv. It appears when it is complete.",
            valueName: "file"
        )
    )
    var output: String?

    @Option(help: ArgumentHelp("Form of --output: npy, jsonl or csv. (default: by its ending)", valueName: "form"))
    var outputFormat: VectorFormat?

    func validate() throws {
        if let output {
            guard textOptions.texts.isEmpty else { throw ValidationError("--output is for the texts of --input") }
            guard outputFormat != nil || VectorFormat(path: output) != nil else {
                throw ValidationError(
                    "--output \(output): the ending names no format; expected .npy, .jsonl or .csv, or --output-format"
                )
            }
        } else if outputFormat != nil {
            throw ValidationError("--output-format is for --output")
        }
        if let dimensions, dimensions < 1 {
            throw ValidationError("--dimensions must be at least 1, not \(dimensions)")
        }
        if prompt != nil, promptName != nil {
            throw ValidationError("--prompt and --prompt-name contradict each other; choose one")
        }
    }

    func run() async throws {
        let inference = try await modelOptions.startInference(engine: engineFlags.options, prompt: prompt)
        var options = EmbedOptions()
        options.input = lengthOptions.inputOptions
        options.input.promptName = promptName
        options.normalize = normalize
        options.pooling = pooling
        options.dimensions = dimensions
        if let output, let format = outputFormat ?? VectorFormat(path: output) {
            let interruption = Interruption()
            let bulk = BulkEmbedding(
                source: textOptions.recordSource,
                output: output,
                format: format,
                inference: inference,
                options: options
            )
            try await bulk.run()
            await inference.shutDown()
            return withExtendedLifetime(interruption) {}
        }
        try await run(textOptions) { [options] text in
            try await inference.embed([.text(text.content)], options: options).value.first ?? []
        }
        await inference.shutDown()
    }

    func write(_ embedding: [Float], of text: Text, to writer: inout JSONWriter) {
        writer.key("embedding")
        writer.numbers(embedding)
    }

    /// The number of a vector's components that fit a line of a terminal.
    private static let shownNumbers = 6

    func lines(_ embedding: [Float], of text: Text) -> [String] {
        let first = embedding.prefix(Self.shownNumbers).map { Decimals.fixed($0, digits: 4) }
        let rest = embedding.count > Self.shownNumbers ? ["…"] : []
        let norm = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let numbers = (first + rest).joined(separator: ", ")
        return [
            Columns.shown(text.content),
            "  [\(numbers)]  \(embedding.count) dimensions, norm \(Decimals.fixed(norm, digits: 4))",
        ]
    }
}
