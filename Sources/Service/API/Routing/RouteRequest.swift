import HTTPProtocol
import HTTPTypes

/// A request as a route sees it.
struct RouteRequest: Sendable {
    /// Header fields, without those that concern the connection only.
    let headerFields: HTTPFields
    /// The values of the path's parameters: `model` of `/v2/models/{model}/infer`.
    let parameters: [String: String]
    /// When all of it had arrived.
    let started: ContinuousClock.Instant
    /// What is logged of it.
    let record: AccessRecord?
    let body: [UInt8]
    /// The body's JSON, where it had to be read to find the route.
    var parsed: RequestFields?

    init(
        _ request: Request,
        parameters: [String: String] = [:],
        started: ContinuousClock.Instant = .now,
        record: AccessRecord? = nil
    ) {
        self.record = record
        headerFields = request.head.headerFields
        self.parameters = parameters
        self.started = started
        body = request.body
    }

    /// The body as a JSON object.
    func fields() throws -> RequestFields {
        try parsed ?? RequestFields(body)
    }
}
