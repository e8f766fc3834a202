import ArgumentParser
import Hub
import Inference
import JSON
import ModelCache

/// `swiftlet verify`: compares the results of a published model with its published figures.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a model against published figures of its results.",
        discussion: """
            Fetches the model, as `swiftlet pull` does, computes in float32 and compares. Without an id it lists the \
            models whose figures it knows.

            EXAMPLES
              swiftlet verify
              swiftlet verify google/mobilebert-uncased
              swiftlet verify bert-base-uncased --model ./my-copy

            EXIT STATUS
              0   all figures are met
              1   a figure is not met
              64  no figures of the model are known
              65  the model's files cannot be used
              66  there is no such folder
              69  the model is not available from the Hub, so nothing was checked
            """
    )

    @Argument(help: ArgumentHelp("The model: its id on the Hub, or a folder of that name.", valueName: "id"))
    var id: String?

    @Option(help: ArgumentHelp("Folder of the model, instead of the Hub.", valueName: "dir"))
    var model: String?

    @Option(help: ArgumentHelp("Branch, tag or commit of a model on the Hub. (default: main)", valueName: "revision"))
    var revision: String?

    @Option(help: "Form of the result: auto is text in a terminal and json (one object on each line) elsewhere.")
    var format = OutputFormat.auto

    func run() async throws {
        guard let id else {
            try StandardOutput.write(Array((Self.known + "\n").utf8))
            return
        }
        guard let figures = PublishedFigures.named(id) else {
            throw CommandError.usage("no published figures are known for \(id); they are known for\n\(Self.known)")
        }
        let interruption = Interruption()
        let loaded: LoadedModel
        do {
            loaded = try await ModelOptions.load(ModelSource(name: model ?? id, revision: revision))
        } catch let error as HubError where error.isForWantOfWeights {
            throw CommandError.unavailable("\(id) is not available, so nothing was checked: \(error)")
        }
        let results = figures.verify(loaded)
        for result in results {
            try StandardOutput.write(format.resolved == .json ? result.jsonLine : result.lines)
        }
        withExtendedLifetime(interruption) {}
        let failed = results.count { !$0.matches }
        guard failed == 0 else {
            throw CommandError.mismatch("\(failed) of \(results.count) checks of \(id) failed (\(figures.source))")
        }
    }

    private static var known: String {
        PublishedFigures.all.map { "\($0.names.joined(separator: ", ")): \($0.source)" }.joined(separator: "\n")
    }
}

extension HubError {
    /// Whether the error means that the weights are not available. Other errors are mistakes of the user.
    fileprivate var isForWantOfWeights: Bool {
        switch self {
        case .invalidID, .invalidRevision, .invalidSetting: false
        default: true
        }
    }
}

extension Verification {
    /// `{"check": …, "matches": true, "expected": [[…]], "found": [[…]], "complaint": null}`.
    fileprivate var jsonLine: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("check")
            writer.string(title)
            writer.key("matches")
            writer.boolean(matches)
            for (key, rows) in [("expected", expected), ("found", found)] {
                writer.key(key)
                writer.array(rows) { $0.numbers($1.map { Float($0) }) }
            }
            writer.key("complaint")
            if let complaint { writer.string(complaint) } else { writer.null() }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    fileprivate var lines: [UInt8] {
        var lines = ["\(matches ? "ok    " : "FAILED") \(title)"]
        if let complaint { lines.append("  " + complaint) }
        for (expected, found) in zip(expected, found) {
            lines.append("  expected \(expected.map { "\(Float($0))" }.joined(separator: "  "))")
            lines.append("  found    \(found.map { "\(Float($0))" }.joined(separator: "  "))")
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
