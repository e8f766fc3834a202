import Encoder
import HTTPServer
import HTTPTypes
import JSON
import Tokenization

/// The routes that work: JSON in, inference, JSON out.
struct InferenceRoutes: Sendable {
    let inference: InferenceService
    let metrics: ServiceMetrics

    func respond(to route: Route, body: [UInt8]) async throws -> Response {
        let fields = try RequestFields(body)
        switch route {
        case .embed: return try await embed(fields)
        case .embedAll: return try await embedAll(fields)
        case .classify: return try await classify(fields)
        case .tokenize: return try tokenize(fields)
        case .decode: return try decode(fields)
        case .health, .live, .ready, .info, .metrics:
            preconditionFailure("\(route.path) is answered on the event loop")
        }
    }

    /// `[[float]]`, a vector for each input.
    private func embed(_ fields: RequestFields) async throws -> Response {
        var options = EmbedOptions()
        options.input = try fields.inputOptions()
        options.normalize = try fields.boolean("normalize") ?? true
        options.pooling = try fields.choice("pooling", Pooling.self)
        options.dimensions = try fields.integer("dimensions")
        let outcome = try await inference.embed(fields.inputs(), options: options)
        let size = outcome.value.first?.count ?? 0
        var writer = JSONWriter(reservingBytes: outcome.value.count * size * Self.bytesPerNumber)
        writer.array(outcome.value) { $0.numbers($1) }
        return answer(writer, outcome.usage)
    }

    /// `[[[float]]]`, the last hidden state of each input's tokens; written row by row as the client reads.
    private func embedAll(_ fields: RequestFields) async throws -> Response {
        let (outcome, holding) = try await inference.embedAll(fields.inputs(), options: fields.inputOptions())
        let pages = TokenVectorPages(outputs: outcome.value, holding: holding)
        if outcome.usage.tokens <= Self.unstreamedTokens {
            var response = Response.json(pages.all())
            note(outcome.usage, in: &response)
            return response
        }
        var response = Response.json([])
        response.body = .stream { pages.next() }
        note(outcome.usage, in: &response)
        return response
    }

    /// `[[{label, score, logit}]]`, best label first.
    private func classify(_ fields: RequestFields) async throws -> Response {
        var options = ClassifyOptions()
        options.input = try fields.inputOptions()
        options.rawScores = try fields.boolean("raw_scores") ?? false
        options.topK = try fields.integer("top_k")
        let outcome = try await inference.classify(fields.inputs(pairs: true), options: options)
        var writer = JSONWriter()
        writer.array(outcome.value) { writer, labels in
            writer.array(labels) { writer, label in label.write(to: &writer) }
        }
        return answer(writer, outcome.usage)
    }

    /// `["…"]`, the text of each list of ids.
    private func decode(_ fields: RequestFields) throws -> Response {
        let skipSpecialTokens = try fields.boolean("skip_special_tokens") ?? true
        let lists = try fields.idLists()
        guard lists.count <= inference.configuration.maxClientBatchSize else {
            throw InferenceError.tooManyInputs(
                count: lists.count,
                limit: inference.configuration.maxClientBatchSize
            )
        }
        var writer = JSONWriter()
        let tokenizer = try inference.tokenizer()
        try writer.array(lists) { writer, ids in
            writer.string(try tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens))
        }
        return .json(writer.bytes)
    }

    /// Room for one number: sign, nine digits, point, a comma and a little for exponents.
    private static let bytesPerNumber = 13
    /// Up to here the token vectors are written in one piece: a few megabytes.
    private static let unstreamedTokens = 256

    private func answer(_ writer: JSONWriter, _ usage: Usage) -> Response {
        var response = Response.json(writer.bytes)
        note(usage, in: &response)
        return response
    }

    private func note(_ usage: Usage, in response: inout Response) {
        metrics.count(usage)
        response.head.headerFields[.computeTokens] = "\(usage.tokens)"
        for (name, time) in [
            (.tokenizationTime, usage.tokenizationTime), (.queueTime, usage.queueTime),
            (.inferenceTime, usage.inferenceTime),
        ] as [(HTTPField.Name, Duration)] {
            response.head.headerFields[name] = "\(Int((time.seconds * 1000).rounded()))"
        }
        if usage.truncatedInputs > 0 { response.head.headerFields[.truncatedInputs] = "\(usage.truncatedInputs)" }
    }
}
