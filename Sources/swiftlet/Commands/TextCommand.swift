import ArgumentParser
import Inference
import JSON

/// A command that gives a result for each text.
protocol TextCommand: Sendable {
    /// The result of one text.
    associatedtype Output: Sendable

    /// Writes the members of a result's JSON object, after its `index`.
    func write(_ output: Output, of text: Text, to writer: inout JSONWriter)

    /// A result as lines for people.
    func lines(_ output: Output, of text: Text) -> [String]
}

/// The options of a command that runs the model on each text separately.
struct TaskOptions: ParsableArguments {
    @OptionGroup var model: ModelOptions
    @OptionGroup var engine: EngineFlags
    @OptionGroup var texts: TextOptions
    @OptionGroup var length: LengthOptions
}

extension TextCommand {
    /// Loads the model, runs it on all texts and writes the results in order.
    ///
    /// - Parameter work: computes one text's result.
    func run(
        _ options: TaskOptions,
        work: @escaping @Sendable (InferenceService, Text) async throws -> Output
    ) async throws {
        let inference = try await options.model.startInference(engine: options.engine.options)
        try await run(options.texts) { text in try await work(inference, text) }
        await inference.shutDown()
    }

    /// Works on all texts of `options` and writes the results in order.
    func run(_ options: TextOptions, work: @escaping @Sendable (Text) async throws -> Output) async throws {
        let interruption = Interruption()
        let source = options.source
        let format = options.format.resolved
        if source == .standardInput, InputDescriptor.isStandardInputTerminal {
            StandardError.write("Texts, one on each line; Ctrl-D ends.\n")
        }
        var progress = ProgressReporter()
        try await TextPipeline.run(source) { text in
            do { return try await work(text) } catch { throw placed(error, in: [text], of: source) }
        } emit: { text, output in
            try StandardOutput.write(format == .json ? jsonLine(output, of: text) : humanLines(output, of: text))
            progress.advance()
        }
        progress.finish()
        withExtendedLifetime(interruption) {}
    }

    private func jsonLine(_ output: Output, of text: Text) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("index")
            writer.integer(text.index)
            write(output, of: text, to: &writer)
        }
        var bytes = writer.takeBytes()
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private func humanLines(_ output: Output, of text: Text) -> [UInt8] {
        Array((lines(output, of: text).joined(separator: "\n") + "\n").utf8)
    }
}

/// Adds the name of the text to an error that one of `texts` causes. Other errors are caused by options, and are the
/// same for every text.
func placed(_ error: any Error, in texts: [Text], of source: TextSource) -> any Error {
    switch error {
    case InferenceError.tooLong(let input, let tokens, let limit):
        let reason = "\(tokens) tokens, at most \(limit) are allowed; without --no-truncate it is cut"
        return CommandError.unusableText(place: source.place(of: texts[input]), reason: reason)
    case InferenceError.inputFailed(let input, let reason):
        return CommandError.unusableText(place: source.place(of: texts[input]), reason: reason)
    case TaskError.noMask(let input, let mask):
        let reason = "there is no \(mask) in it, or it was cut away"
        return CommandError.unusableText(place: source.place(of: texts[input]), reason: reason)
    default:
        return error
    }
}
