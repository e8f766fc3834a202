import ArgumentParser
import Encoder
import JSON
import Service

extension Pooling: ExpressibleByArgument {}

/// `swiftlet embed`: a vector for each text.
struct EmbedCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Give each text its embedding, a vector of numbers.",
        discussion: """
            EXAMPLES
              swiftlet embed "Good morning"
              swiftlet embed --input texts.txt > vectors.jsonl
              swiftlet embed --model ./mobilebert-uncased --pooling cls --no-normalize < texts.txt

            Each line of JSON is {"index": 0, "embedding": [0.01, …]}; index is the line's or the argument's number, \
            from 0. A terminal shows the first numbers only; --format json shows all.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags
    @OptionGroup var textOptions: TextOptions
    @OptionGroup var lengthOptions: LengthOptions

    @Option(
        help: ArgumentHelp(
            "How one vector is made of the tokens' vectors. (default: the model's 1_Pooling/config.json, else mean)"
        )
    )
    var pooling: Pooling?

    @Flag(inversion: .prefixedNo, help: "Scale each vector to length 1.")
    var normalize = true

    @Option(help: ArgumentHelp("Keep only the first numbers of each vector. (default: all)", valueName: "count"))
    var dimensions: Int?

    func validate() throws {
        if let dimensions, dimensions < 1 {
            throw ValidationError("--dimensions must be at least 1, not \(dimensions)")
        }
    }

    func run() async throws {
        let inference = try modelOptions.startInference(engine: engineFlags.options)
        var options = EmbedOptions()
        options.input = lengthOptions.inputOptions
        options.normalize = normalize
        options.pooling = pooling
        options.dimensions = dimensions
        try await run(textOptions) { [options] text in
            try await inference.embed([.text(text.content)], options: options).value.first ?? []
        }
        await inference.shutDown()
    }

    func write(_ embedding: [Float], of text: Text, to writer: inout JSONWriter) {
        writer.key("embedding")
        writer.numbers(embedding)
    }

    /// Numbers of a vector that a line of a terminal has room for.
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
