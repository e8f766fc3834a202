import HTTPProtocol
import HTTPTypes
import Logging

/// What all loops of one server share: values that do not change, and counters.
struct ServerContext: Sendable {
    let configuration: HTTPServerConfiguration
    let handler: any RequestHandler
    let executor: RequestWorkExecutor
    let counters = ServerCounters()
    let logger: Logger

    /// Too much waits to be written: requests are refused and streamed answers pause until some of it is gone.
    var isOutboundFull: Bool { counters[.outboundBytes] >= configuration.maxOutboundBytes }

    /// So much waits to be written that slow clients stand in the others' way: a few of them, who take a little now and
    /// then, could otherwise hold all there is for hours.
    var isOutboundScarce: Bool { counters[.outboundBytes] >= configuration.maxOutboundBytes / 2 }

    /// Too much is held in bodies: they are not read on.
    var isInboundFull: Bool { isInboundFull(beside: 0) }

    /// Whether bodies fill their limit even without `bytes` of them: the request that has these is refused.
    func isInboundFull(beside bytes: Int) -> Bool {
        counters[.inboundBytes] - bytes >= configuration.maxInboundBytes
    }

    /// The refusal of a request, or of an answer to it, that there is no room for.
    func overloadResponse(
        to request: Request? = nil,
        _ arrival: Arrival,
        replacing record: (any AnswerRecord)? = nil
    ) -> Response {
        let message = "the server holds too many bytes of other requests; try again"
        let refusal = Refusal(status: 503, message: message, request: request, arrival: arrival, replaced: record)
        var response = handler.refuse(refusal)
        response.head.headerFields[.retryAfter] = "1"
        return response
    }

    /// A whole HTTP/1.1 answer for a connection that is not served: nothing has been read from it, so its version is
    /// not known; 503 in HTTP/1.1 is what most clients can tell.
    func refusal(date: String, client: String?) -> [UInt8] {
        let own = handler.ownAnswer(503, "the server has too many connections; try again", client: client)
        return lastAnswer("503 Service Unavailable", own, fields: "Retry-After: 1\r\n", date: date)
    }

    /// The answer to plain HTTP where TLS is expected.
    func plainTextRefusal(date: String, client: String?) -> [UInt8] {
        let own = handler.ownAnswer(400, "this port speaks TLS; use https://", client: client)
        return lastAnswer("400 Bad Request", own, fields: "", date: date)
    }

    /// A whole answer in HTTP/1.1, after which the connection ends.
    private func lastAnswer(_ status: String, _ own: OwnAnswer, fields: String, date: String) -> [UInt8] {
        let ownFields = own.fields.map { "\($0.name.canonicalName): \($0.value)\r\n" }.joined()
        let head = """
            HTTP/1.1 \(status)\r
            Date: \(date)\r
            \(ownFields)Content-Length: \(own.body.count)\r
            \(fields)Connection: close\r
            \r

            """
        return Array(head.utf8) + own.body
    }
}

/// Answers that the protocol gives, and those that nobody can take back: they count as given when they are made.
extension RequestHandler {
    /// The answer to what the protocol refuses.
    func ownAnswer(_ status: Int, _ message: String, client: String?) -> OwnAnswer {
        let response = refuse(Refusal(status: status, message: message, arrival: Arrival(client: client)))
        guard case .bytes(let body) = response.body else { return OwnAnswer(body: []) }
        response.record?.began(status: status, bytes: body.count, isComplete: true)
        return OwnAnswer(fields: response.head.headerFields, body: body)
    }

    /// The refusal of a request whose body is still to come; nil where it may come.
    func ownRefusal(of head: HTTPRequest, client: String?) -> (head: HTTPResponse, body: [UInt8])? {
        guard let response = refusal(of: head, Arrival(client: client)), case .bytes(let body) = response.body else {
            return nil
        }
        response.record?.began(status: response.head.status.code, bytes: body.count, isComplete: true)
        return (response.head, body)
    }
}
