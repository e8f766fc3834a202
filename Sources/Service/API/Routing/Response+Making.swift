import Batching
import HTTPServer
import HTTPTypes
import JSON

extension Response {
    static func json(status: Int = 200, _ bytes: [UInt8]) -> Response {
        var head = HTTPResponse(status: .init(code: status))
        head.headerFields[.contentType] = "application/json"
        return Response(head: head, body: .bytes(bytes))
    }

    /// A JSON answer that `write` writes.
    static func json(reservingBytes capacity: Int = 256, _ write: (inout JSONWriter) throws -> Void) rethrows
        -> Response
    {
        var writer = JSONWriter(reservingBytes: capacity)
        try write(&writer)
        return .json(writer.bytes)
    }

    /// A JSON answer of what each input gave: a list for a batch, and for an input by itself what that gave.
    static func json<Result>(
        _ results: [Result],
        isBatch: Bool,
        _ write: (inout JSONWriter, Result) -> Void
    ) -> Response {
        json { writer in
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

    /// The answer with the header fields that tell what it cost; the cost is counted, too.
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

/// Field names of our answers that no standard has.
extension HTTPField.Name {
    /// How many inputs were cut to the model's length; only when some were.
    static let truncatedInputs = Self.make("x-truncated-inputs")
    // Those from here on are text-embeddings-inference's; times are in milliseconds.

    /// What computed: this server knows CPUs only.
    static let computeType = Self.make("x-compute-type")
    /// Unicode scalars of the texts, as they were given.
    static let computeCharacters = Self.make("x-compute-characters")
    /// Tokens that went through the model.
    static let computeTokens = Self.make("x-compute-tokens")
    /// The same as the total time.
    static let computeTime = Self.make("x-compute-time")
    /// From the request's whole arrival to its answer's first byte.
    static let totalTime = Self.make("x-total-time")
    /// For the tokenization of all inputs.
    static let tokenizationTime = Self.make("x-tokenization-time")
    /// Until the last input was handed to a worker.
    static let queueTime = Self.make("x-queue-time")
    /// From then until the last input was computed.
    static let inferenceTime = Self.make("x-inference-time")

    static func make(_ name: String) -> HTTPField.Name {
        guard let made = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid field name") }
        return made
    }
}
