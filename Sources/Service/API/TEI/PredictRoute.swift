import Encoder
import HTTPServer
import JSON

extension TEIRoutes {
    /// `[{score, label}]` for a text or a pair, `[[{score, label}]]` for a batch; best label first.
    static func predict(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let inputs = try PredictInputs(fields)
        var options = ClassifyOptions()
        options.input = try fields.inputOptions()
        options.function = try fields.boolean("raw_scores") ?? false ? .identity : nil
        let outcome = try await context.inference.classify(inputs.all, options: options)
        return Response.json(outcome.value, isBatch: inputs.isBatch) { write($1, to: &$0) }
            .noting(outcome.usage, of: request, in: context)
    }

    private static func write(_ labels: [Classification], to writer: inout JSONWriter) {
        writer.array(labels) { writer, label in
            writer.object { writer in
                writer.key("score")
                writer.number(label.score)
                writer.key("label")
                writer.string(label.label)
            }
        }
    }
}

/// `inputs` of `/predict` and `/next_sentence`. Here, and nowhere else, a flat list of two texts is a pair, as
/// text-embeddings-inference has it: a batch is a list of lists.
enum PredictInputs: Equatable {
    case single(TextInput)
    case batch([TextInput])

    private static let expected = "a text, a pair [text, text], or a batch [[text], [text, text], …]"

    init(_ fields: RequestFields) throws {
        if case .object? = fields.members["inputs"] {
            self = .single(try fields.inputs(pairs: true)[0])
            return
        }
        guard case .array(let elements) = fields.members["inputs"] else {
            self = .single(.text(try fields.text("inputs")))
            return
        }
        switch elements.first {
        case nil:
            throw ServiceError.empty("inputs")
        case .array, .object:
            self = .batch(
                try elements.enumerated().map { index, element in
                    if case .string = element {
                        throw fields.wrong("`inputs[\(index)]`", "a list of one or two texts", element)
                    }
                    return try fields.input(element, at: "`inputs[\(index)]`", pairs: true)
                }
            )
        case .number:
            self = .single(try fields.input(.array(elements), at: "`inputs`", pairs: true))
        default:
            guard elements.count <= 2 else {
                throw ServiceError.invalid("`inputs` must be \(Self.expected). Given: a list of \(elements.count)")
            }
            self = .single(try fields.input(.array(elements), at: "`inputs`", pairs: true))
        }
    }

    var all: [TextInput] {
        switch self {
        case .single(let input): [input]
        case .batch(let inputs): inputs
        }
    }

    var isBatch: Bool { if case .batch = self { true } else { false } }
}
