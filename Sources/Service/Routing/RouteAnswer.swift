import Batching
import HTTPProtocol
import HTTPTypes
import Inference
import JSON
import Time

extension Response {
    static func json(status: Int = 200, _ bytes: [UInt8]) -> Response {
        var head = HTTPResponse(status: .init(code: status))
        head.headerFields[.contentType] = "application/json"
        return Response(head: head, body: .bytes(bytes))
    }

    /// A JSON answer that `write` writes.
    /// - Throws: what `write` throws, and what `RequestOptions.check` throws when nobody waits for the answer any more.
    static func json(reservingBytes capacity: Int = 256, _ write: (inout JSONWriter) throws -> Void) throws -> Response
    {
        var writer = JSONWriter(reservingBytes: capacity, checking: RequestOptions.check)
        try write(&writer)
        return .json(try writer.finish())
    }

    /// A JSON answer with the result of each input: a list for a batch, and the result itself for a single input.
    static func json<Result>(
        _ results: [Result],
        isBatch: Bool,
        _ write: (inout JSONWriter, Result) -> Void
    ) throws -> Response {
        try json { writer in
            if isBatch {
                writer.array(results, write)
            } else {
                write(&writer, results[0])
            }
        }
    }

    /// The answer to OPTIONS.
    static func methods(_ allow: String) -> Response {
        Response(head: HTTPResponse(status: .noContent, headerFields: [.allow: allow]), body: .bytes([]))
    }

    /// Adds the header fields with the cost to the answer, and counts the cost.
    func noting(_ usage: Usage, of request: RouteRequest, in context: RouteContext) -> Response {
        context.metrics.count(usage)
        request.record?.note { $0.usage = usage }
        var response = self
        let total = request.started.duration(to: .now)
        for (name, value) in [
            (.computeType, "cpu"), (.computeCharacters, "\(usage.characters)"), (.computeTokens, "\(usage.tokens)"),
            (.computeTime, milliseconds(total)), (.totalTime, milliseconds(total)),
            (.tokenizationTime, milliseconds(usage.tokenizationTime)), (.queueTime, milliseconds(usage.queueTime)),
            (.inferenceTime, milliseconds(usage.inferenceTime)),
        ] as [(HTTPField.Name, String)] {
            response.head.headerFields[name] = value
        }
        if usage.truncatedInputs > 0 { response.head.headerFields[.truncatedInputs] = "\(usage.truncatedInputs)" }
        return response
    }

    private func milliseconds(_ duration: Duration) -> String {
        "\(Int((duration.seconds * 1000).rounded()))"
    }
}

/// Names of header fields that no standard defines.
extension HTTPField.Name {
    /// The number of inputs that were cut to the model's length; present only if some were.
    static let truncatedInputs = Self.make("x-truncated-inputs")
    // The names from here on are text-embeddings-inference's; times are in milliseconds.

    /// The kind of processor: this server uses CPUs only.
    static let computeType = Self.make("x-compute-type")
    /// Unicode scalars of the texts, as they were given.
    static let computeCharacters = Self.make("x-compute-characters")
    /// Tokens that went through the model.
    static let computeTokens = Self.make("x-compute-tokens")
    /// The compute time, which is the same as the total time.
    static let computeTime = Self.make("x-compute-time")
    /// The time from the request's last byte to its answer's first byte.
    static let totalTime = Self.make("x-total-time")
    /// How long the tokenization of all inputs took.
    static let tokenizationTime = Self.make("x-tokenization-time")
    /// The time until the last input was handed to a worker.
    static let queueTime = Self.make("x-queue-time")
    /// The time from the end of the queue time until the last input was computed.
    static let inferenceTime = Self.make("x-inference-time")
}

/// The form in which an interface's clients expect an error. Each interface defines its form beside its routes.
struct ErrorShape: Sendable {
    /// The status of an error in this interface, which may differ from ours.
    let status: @Sendable (ServiceError) -> Int
    /// Writes the body, a JSON object.
    let write: @Sendable (ServiceError, inout JSONWriter) -> Void

    init(
        status: @escaping @Sendable (ServiceError) -> Int = { $0.status },
        write: @escaping @Sendable (ServiceError, inout JSONWriter) -> Void
    ) {
        self.status = status
        self.write = write
    }

    func body(_ error: ServiceError) -> [UInt8] {
        var writer = JSONWriter()
        write(error, &writer)
        return writer.bytes
    }

    func response(_ error: ServiceError) -> Response {
        var response = Response.json(status: status(error), body(error))
        for field in error.fields { response.head.headerFields.append(field) }
        if let time = error.retryAfter {
            response.head.headerFields[.retryAfter] = "\(Int(time.seconds.rounded(.up)))"
            response.head.headerFields[.retryAfterMilliseconds] = "\(time.milliseconds)"
        }
        if let allow = error.allow { response.head.headerFields[.allow] = allow }
        return response
    }
}

/// The form of an answer that its client prefers (RFC 9110, section 12.5.1).
enum Accept {
    /// A media range with its weight.
    private struct Range {
        var type: Substring
        var weight: Double

        /// How exactly the range names a type: 2 for the type itself, 1 for its first half, 0 for any type; nil if the
        /// range does not include the type.
        func precision(for type: String) -> Int? {
            if self.type == type { return 2 }
            if self.type == "*/*" { return 0 }
            guard let main = self.type.rest(before: "*"), main.ends(with: "/") else { return nil }
            return type.begins(with: main) ? 1 : nil
        }
    }

    /// The media type, in lower case, that the field prefers. If it prefers several types equally, the one that it
    /// names more exactly wins, and then the first one. Nil if the client accepts none of the types.
    static func preferred(among types: [String], by field: String?) -> String? {
        guard let field, !field[...].trimmed.isEmpty else { return types.first }
        let ranges = field.pieces(separatedBy: ",").compactMap(range)
        var best: (type: String, weight: Double, precision: Int)?
        for type in types {
            let matches = ranges.compactMap { range in
                range.precision(for: type).map { (weight: range.weight, precision: $0) }
            }
            guard let match = matches.max(by: { $0.precision < $1.precision }), match.weight > 0 else { continue }
            if let best, (best.weight, best.precision) >= (match.weight, match.precision) { continue }
            best = (type, match.weight, match.precision)
        }
        return best?.type
    }

    /// One element of the field; nil if it is malformed, and then it is ignored.
    private static func range(_ element: Substring) -> Range? {
        let parts = element.lowercased().pieces(separatedBy: ";").map { part in
            part.keeping { $0 != " " && $0 != "\t" }
        }
        guard let type = parts.first, type.holds("/") else { return nil }
        var weight = 1.0
        for number in parts.dropFirst().compactMap({ $0.rest(after: "q=") }) {
            guard let value = Double(number), (0...1).contains(value) else { return nil }
            weight = value
        }
        return Range(type: Substring(type), weight: weight)
    }
}
