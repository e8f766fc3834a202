import ArgumentParser
import Encoder
import Host
import Inference
import JSON
import LinearAlgebra
import ModelFiles
import Tokenization

/// The subjects that `swiftlet bench` measures.
enum BenchSubject: String, CaseIterable, ExpressibleByArgument {
    /// The encoder alone.
    case forward
    /// The tokenizer: from text to token ids.
    case tokenizer
    /// The writing of JSON: from embeddings to text.
    case json
    /// Steps of training.
    case train
}

/// `swiftlet bench`: measures how fast this machine runs a model.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast this machine runs or trains a model: encoder, training, tokenizer, JSON.",
        discussion: """
            The subject forward measures the encoder alone, from token ids to one embedding for each text, on batches \
            of random tokens (--shapes 8x32: 8 texts of 32 tokens) or of the texts of a file. tokenizer and json run \
            on one thread, and measure the work before and after the encoder. train measures whole steps of \
            `swiftlet train` (forward, backward, clipping, AdamW, with the dropout of config.json) in float32, on the \
            texts of a file, or on random ones as long as SST-2's sentences. A figure is the median of the runs that \
            fit into --time (at least one), after a warm-up.

            EXAMPLES
              swiftlet bench
              swiftlet bench --model ./mobilebert-uncased --shapes 1x16,32x128 --threads 1
              swiftlet bench --texts reviews.txt --batch 32 --format json
              swiftlet bench --subject tokenizer --texts reviews.txt
              swiftlet bench --subject train --model google/mobilebert-uncased --batch 16

            Each line of JSON is {"shape": "8x32", "dtype": "float32", …, "texts": 8, "tokens": 256, "seconds": \
            0.0213}; tokens does not count padding.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags

    @Option(help: "What to measure.")
    var subject = BenchSubject.forward

    @Option(
        help: ArgumentHelp(
            """
            Batches of random tokens, as texts x tokens of each. (default: \(BenchShapes.standard.names), or none with \
            --texts)
            """,
            valueName: "list"
        ),
        transform: BenchShapes.init(argument:)
    )
    var shapes: BenchShapes?

    @Option(
        help: ArgumentHelp(
            "File of texts to measure instead, one on each line. Empty lines are skipped.",
            valueName: "file"
        )
    )
    var texts: String?

    @Option(
        help: ArgumentHelp(
            """
            Texts of a file that make a batch, in the file's order, or that training learns from in a step; with \
            --subject json, embeddings of an answer.
            """,
            valueName: "count"
        )
    )
    var batch = 32

    @Option(
        help: ArgumentHelp("Threads of encoder or training. (default: the CPUs that may be used)", valueName: "count")
    )
    var threads: Int?

    @Option(help: ArgumentHelp("How often each figure is measured; the median is reported.", valueName: "count"))
    var rounds = 1

    @Option(help: ArgumentHelp("Time for each figure, in every round.", valueName: "seconds"))
    var time = 1.5

    @Option(help: "Form of the results: auto is a table in a terminal and json (one object on each line) elsewhere.")
    var format = OutputFormat.auto

    func validate() throws {
        for (name, value, most) in [
            ("batch", batch, 65_536), ("threads", threads ?? 1, 1_024), ("rounds", rounds, 1_000),
        ]
        where !(1...most).contains(value) {
            throw ValidationError("--\(name) must be 1 to \(most), not \(value)")
        }
        guard (0...3_600).contains(time) else { throw ValidationError("--time must be 0 to 3600 seconds, not \(time)") }
        if subject == .tokenizer, texts == nil { throw ValidationError("--subject tokenizer needs --texts") }
        if subject != .forward, shapes != nil { throw ValidationError("--shapes is for --subject forward") }
        if subject == .train, engineFlags.dtype != .float32 || engineFlags.backend != .auto {
            throw ValidationError("--dtype and --backend are not for --subject train: its products are OpenBLAS's")
        }
        if subject == .json, texts != nil { throw ValidationError("--texts is not for --subject json") }
    }

    private var repetition: Repetition { Repetition(budget: time) }

    func run() async throws {
        let interruption = Interruption()
        switch subject {
        case .forward: try await measureForward()
        case .tokenizer: try await measureTokenizer()
        case .json: try measureJSON()
        case .train: try await measureTraining()
        }
        withExtendedLifetime(interruption) {}
    }

    private func measureForward() async throws {
        let threads = threads ?? CPUBudget.current().count
        let model = try await modelOptions.load(engine: engineFlags.options)
        let request = SentenceEmbedding.request(model.embedding.poolings)
        let bench = ForwardBench(model.encoder, request: request, threads: threads)
        var work: [(name: String, batches: [BenchBatch])] = []
        // If only a file is given, only the file is measured.
        for shape in (shapes ?? (texts == nil ? .standard : BenchShapes(shapes: []))).shapes {
            let limit = model.encoder.configuration.maxPositionEmbeddings
            guard shape.length <= limit else {
                throw CommandError.usage("--shapes: \(shape.name): the model takes at most \(limit) tokens")
            }
            work.append((shape.name, [bench.batch(shape)]))
        }
        if let texts {
            guard let tokenizer = model.tokenizer else {
                throw CommandError.unusableModel("\(model.directory): no vocab.txt or tokenizer.json, so no texts")
            }
            let encoded = try Self.encoded(Self.read(texts), tokenizer, maxLength: model.maxInputLength)
            work.append(("texts", bench.batches(of: encoded, count: batch)))
        }
        let engine = model.encoder.engine
        let settings: [BenchFigure.Setting] = [
            .init(name: "dtype", value: .text(engine.dataType)),
            .init(name: "backend", value: .text(engine.backend)),
            .init(name: "kernels", value: .text(engine.kernels.joined(separator: " "))),
            .init(name: "threads", value: .number(threads)),
        ]
        try report(
            work.map { item in
                {
                    BenchFigure(
                        shape: item.name,
                        settings: settings,
                        texts: item.batches.reduce(0) { $0 + $1.texts },
                        tokens: item.batches.reduce(0) { $0 + $1.tokens },
                        bytes: nil,
                        seconds: try bench.seconds(for: item.batches, repetition)
                    )
                }
            }
        )
    }

    private func measureTokenizer() async throws {
        let tokenizer = try await modelOptions.tokenizer()
        let lines = try Self.read(texts ?? "")
        try report([{ try TextBench.tokenization(of: lines, tokenizer, repetition) }])
    }

    private func measureJSON() throws {
        try report([{ TextBench.json(vectors: batch, repetition) }])
    }

    private func measureTraining() async throws {
        let threads = threads ?? CPUBudget.current().count
        let folder = try await modelOptions.name.directory()
        do {
            let directory = try ModelOptions.check(folder).transformerDirectory
            let source = try TrainableCheckpoint(directory: directory, head: .sequenceClassification)
            let tokenizer = texts == nil ? nil : try LoadedModel.tokenizer(directory: directory)
            let limit = source.configuration.maxPositionEmbeddings
            let encoded = try tokenizer.map { try Self.encoded(Self.read(texts ?? ""), $0, maxLength: limit) }
            let bench = try TrainBench(source, texts: encoded, batch: batch, threads: threads)
            let settings: [BenchFigure.Setting] = [
                .init(name: "backend", value: .text("openblas \(OpenBLAS.version) \(OpenBLAS.coreName)")),
                .init(name: "batch", value: .number(batch)),
                .init(name: "threads", value: .number(threads)),
            ]
            try report([
                {
                    BenchFigure(
                        shape: "train",
                        settings: settings,
                        texts: bench.texts,
                        tokens: bench.tokens,
                        bytes: nil,
                        seconds: try bench.seconds(repetition)
                    )
                }
            ])
        } catch let error as BackendError {
            throw CommandError.noEngine("\(error)")
        } catch let error as ModelError {
            throw CommandError.unusableModel("\(error)")
        }
    }

    /// Takes each figure `rounds` times, in turn, and writes the medians: a line as soon as it is known, or a table.
    private func report(_ measurements: [() throws -> BenchFigure]) throws {
        var times = measurements.map { _ in [Double]() }
        var figures: [BenchFigure] = []
        for round in 1...rounds {
            for (index, measure) in measurements.enumerated() {
                var figure = try measure()
                times[index].append(figure.seconds)
                guard round == rounds else { continue }
                figure.seconds = Repetition.median(times[index])
                figures.append(figure)
                if format.resolved == .json { try StandardOutput.write(figure.jsonLine) }
            }
        }
        if format.resolved == .text {
            try StandardOutput.write(Array((BenchFigure.table(figures).joined(separator: "\n") + "\n").utf8))
        }
    }

    /// The lines of a file.
    private static func read(_ path: String) throws -> [String] {
        let source = TextSource.file(path: path)
        var texts: [String] = []
        // A text of white space alone has no tokens of its own.
        try source.forEach { text in
            if !text.content.isBlank { texts.append(text.content) }
        }
        guard !texts.isEmpty else { throw CommandError.unusableText(place: path, reason: "no texts") }
        return texts
    }

    /// The token ids of texts, cut to the model's length.
    private static func encoded(_ texts: [String], _ tokenizer: Tokenizer, maxLength: Int) throws -> [[Int32]] {
        let options = EncodingOptions(truncation: Truncation(maxLength: maxLength), collectOffsets: false)
        return try texts.map { try tokenizer.encode($0, options: options).ids }
    }
}
