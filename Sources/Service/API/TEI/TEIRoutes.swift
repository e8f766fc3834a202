import Encoder
import HTTPProtocol
import Inference
import JSON

/// text-embeddings-inference's interface, with our additions.
enum TEIRoutes {
    static let all: [Route] = [
        .post("/embed", roots: RoutePath.roots(), errors: .tei, answer: embed),
        .post("/embed_all", errors: .tei, answer: embedAll),
        .post("/predict", roots: RoutePath.roots(ifBody: asksForPrediction), errors: .tei, answer: predict),
        .post(
            "/rerank",
            roots: RoutePath.roots(ifBody: { $0["texts"] != nil && $0["query"] != nil }),
            errors: .tei,
            answer: rerank
        ),
        .post("/similarity", roots: RoutePath.roots(ifBody: asksForSimilarity), errors: .tei, answer: similarity),
        .post("/tokenize", errors: .tei, isQueued: false, answer: tokenize),
        .post("/decode", errors: .tei, isQueued: false, answer: decode),
        .get("/info", errors: .tei) { _, context in
            let inference = try context.inference
            return try .json(reservingBytes: 1024) { inference.writeInfo(&$0) }
        },
    ]

    /// Whether a body that was posted to the root is meant for `/predict`: it has a key that no route for embeddings
    /// knows, or pairs.
    private static func asksForPrediction(_ body: JSONObject) -> Bool {
        if body["raw_scores"] != nil || body["calibrated"] != nil, body["inputs"] != nil { return true }
        // The Hub's client sends one pair as an object, and always with `parameters`.
        if case .object? = body["inputs"], HubRoutes.asksForClasses(body) { return false }
        return hasPairs(body)
    }

    /// Whether `inputs` is a pair, or a list with a pair or a list of texts anywhere in it, which no route for
    /// embeddings takes.
    static func hasPairs(_ body: JSONObject) -> Bool {
        func isPair(_ input: JSONValue) -> Bool {
            switch input {
            case .object(let pair): pair["text_pair"] != nil
            case .array(let parts): if case .string? = parts.first { true } else { false }
            default: false
            }
        }
        guard case .array(let inputs) = body["inputs"] else { return body["inputs"].map(isPair) ?? false }
        // A list that begins with a text or an id is a list of texts, or one of ids.
        return switch inputs.first {
        case .array, .object: inputs.contains(where: isPair)
        default: false
        }
    }

    private static func asksForSimilarity(_ body: JSONObject) -> Bool {
        if case .object(let inputs) = body["inputs"] { inputs["source_sentence"] != nil } else { false }
    }
}

extension ErrorShape {
    /// `{"error": …, "error_type": …}`.
    static let tei = ErrorShape { error, writer in
        writer.object { writer in
            writer.key("error")
            writer.string(error.message)
            writer.key("error_type")
            writer.string(error.kind.rawValue)
        }
    }
}

extension TEIRoutes {
    /// `[[float]]`, a vector for each input; or another form of ``EmbeddingMedia``.
    static func embed(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let media = try EmbeddingMedia.wanted(by: request)
        let format = try EmbeddingFormat(fields)
        var options = EmbedOptions()
        options.input = try fields.inputOptions()
        options.normalize = try format.normalizes(asked: fields.boolean("normalize"))
        options.pooling = try fields.choice("pooling", Pooling.self)
        options.dimensions = try fields.integer("dimensions")
        let outcome = try await context.inference.embed(fields.inputs(), options: options)
        return try media.response(try format.components(outcome.value), format: format)
            .noting(outcome.usage, of: request, in: context)
    }
}

extension TEIRoutes {
    /// `[{score, label}]` for a text or a pair, `[[{score, label}]]` for a batch; best label first.
    static func predict(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let inputs = try PredictInputs(fields)
        var options = ClassifyOptions()
        options.input = try fields.inputOptions()
        options.function = try fields.boolean("raw_scores") ?? false ? .identity : nil
        options.isCalibrated = try fields.boolean("calibrated") ?? false
        let outcome = try await context.inference.classify(inputs.all, options: options)
        return try Response.json(outcome.value, isBatch: inputs.isBatch) { write($1, to: &$0) }
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

/// `inputs` of `/predict` and `/next_sentence`. Only here a flat list of two texts is a pair, as in
/// text-embeddings-inference: a batch is a list of lists.
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
                try elements.mapChecking { index, element in
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

extension TEIRoutes {
    /// `[{index, text?, score}]`, best text first.
    static func rerank(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let texts = try fields.texts("texts")
        var options = RerankOptions()
        options.input = try fields.inputOptions()
        options.rawScores = try fields.boolean("raw_scores") ?? false
        let returnsText = try fields.boolean("return_text") ?? false
        let outcome = try await context.inference.rerank(query: fields.text("query"), texts: texts, options: options)
        return try Response.json { writer in
            writer.array(outcome.value) { writer, rank in
                writer.object { writer in
                    writer.key("index")
                    writer.integer(rank.index)
                    if returnsText {
                        writer.key("text")
                        writer.string(texts[rank.index])
                    }
                    writer.key("score")
                    writer.number(rank.score)
                }
            }
        }.noting(outcome.usage, of: request, in: context)
    }
}

extension TEIRoutes {
    /// `[float]`, the cosine of each sentence with the source sentence.
    static func similarity(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let inputs = try fields.object("inputs", #"an object {"source_sentence": text, "sentences": [text]}"#)
        let outcome = try await context.inference.similarity(
            of: inputs.text("source_sentence"),
            to: inputs.texts("sentences"),
            options: fields.inputOptions()
        )
        return try Response.json { $0.numbers(outcome.value) }.noting(outcome.usage, of: request, in: context)
    }
}
