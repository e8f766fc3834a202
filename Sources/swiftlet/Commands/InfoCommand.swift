import ArgumentParser
import Inference
import JSON
import Service

/// `swiftlet info`: describes a model.
struct InfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show a model's architecture, sizes, labels and limits.",
        discussion: """
            The result is the object that the service answers to GET /info with its default settings.

            EXAMPLES
              swiftlet info
              swiftlet info --model ./mobilebert-uncased --format json | jq .hidden_size
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags

    @Option(help: "Form of the result: auto is text in a terminal and json elsewhere.")
    var format = OutputFormat.auto

    func run() async throws {
        let inference = try await modelOptions.startInference(engine: engineFlags.options)
        var writer = JSONWriter()
        inference.writeInfo(&writer)
        await inference.shutDown()
        if format.resolved == .json {
            try StandardOutput.write(writer.bytes + [UInt8(ascii: "\n")])
        } else {
            let lines = try Columns.aligned(Self.rows(JSONParser.parse(writer.bytes), name: ""))
            try StandardOutput.write(Array((lines.joined(separator: "\n") + "\n").utf8))
        }
    }

    /// A row for each single value: its path in the object, and the value. Unknown values (null) are left out.
    private static func rows(_ value: JSONValue, name: String) -> [[String]] {
        switch value {
        case .null: []
        case .boolean(let flag): [[name, flag ? "yes" : "no"]]
        case .number(let text), .string(let text): [[name, Columns.shown(text)]]
        case .array(let elements): elements.enumerated().flatMap { rows($1, name: "\(name).\($0)") }
        case .object(let object):
            object.members.flatMap { rows($0.value, name: name.isEmpty ? $0.key : "\(name).\($0.key)") }
        }
    }
}
