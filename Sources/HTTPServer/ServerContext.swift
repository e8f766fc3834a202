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

    /// Too much is held in bodies: they are not read on.
    var isInboundFull: Bool { isInboundFull(beside: 0) }

    /// Whether bodies fill their limit even without `bytes` of them: the request that has these is refused.
    func isInboundFull(beside bytes: Int) -> Bool {
        counters[.inboundBytes] - bytes >= configuration.maxInboundBytes
    }

    /// The refusal of a request (or, with `close`, of a connection) that there is no room for.
    func overloadResponse() -> Response {
        let message = "the server holds too many bytes of other requests; try again"
        var response = Response(status: .serviceUnavailable, json: handler.errorBody(status: 503, message: message))
        response.head.headerFields[.retryAfter] = "1"
        return response
    }

    /// A whole HTTP/1.1 answer for a connection that is not served: nothing has been read from it, so its version is
    /// not known; 503 in HTTP/1.1 is what most clients can tell.
    func refusal(date: String) -> [UInt8] {
        let body = handler.errorBody(status: 503, message: "the server has too many connections; try again")
        let head = """
            HTTP/1.1 503 Service Unavailable\r
            Date: \(date)\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Retry-After: 1\r
            Connection: close\r
            \r

            """
        return Array(head.utf8) + body
    }
}
