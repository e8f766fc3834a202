import Batching
import HTTPProtocol
import HTTPTypes
import Inference
import JSON
import Time

/// A request as a route sees it.
struct RouteRequest: Sendable {
    /// Header fields, without those that concern the connection only.
    let headerFields: HTTPFields
    /// The values of the path's parameters: `model` of `/v2/models/{model}/infer`.
    let parameters: [String: String]
    /// The time at which the whole request had arrived.
    let started: Instant
    /// The request's record in the counts and the log.
    let record: AccessRecord?
    var body: [UInt8]
    /// The body's JSON, if it had to be read before the route was found.
    var parsed: RequestFields?

    /// - Parameter body: the decoded body; nil if the body was not coded.
    init(
        _ request: Request,
        body: [UInt8]? = nil,
        parameters: [String: String] = [:],
        started: Instant = .now,
        record: AccessRecord? = nil
    ) {
        self.record = record
        headerFields = request.head.headerFields
        self.parameters = parameters
        self.started = started
        self.body = body ?? request.body
    }

    /// The body as a JSON object.
    func fields() throws -> RequestFields {
        try parsed ?? RequestFields(body)
    }
}

/// The state that routes answer from.
struct RouteContext: Sendable {
    let snapshot: ServiceState.Snapshot
    let metrics: ServiceMetrics
    /// The routes that there are.
    let table: RouteTable

    /// The served model's inference.
    /// - Throws: 503 while there is no model yet.
    var inference: InferenceService {
        get throws(ServiceError) {
            guard let inference = snapshot.inference else { throw .loading }
            return inference
        }
    }
}

extension RequestOptions {
    /// The options in a request's header fields. If a field is absent, the service's setting applies.
    /// - Parameters:
    ///   - received: the time at which the request's last byte arrived.
    ///   - timeout: the time limit of the settings; nil for none.
    init(_ fields: HTTPFields, received: Instant, timeout: Duration?) throws(ServiceError) {
        var timeout = timeout
        if let text = fields[.requestTimeout] {
            guard let milliseconds = Self.milliseconds(text) else {
                throw ServiceError(
                    400,
                    .validation,
                    "\(HTTPField.Name.requestTimeout) must be a whole number of milliseconds from 1 to "
                        + "\(Self.maxTimeoutMilliseconds). Given: \(text.beginning(100))"
                )
            }
            timeout = .milliseconds(milliseconds)
        }
        var priority = Priority.high
        if let text = fields[.requestPriority] {
            switch text.lowercased() {
            case "high": priority = .high
            case "low": priority = .low
            default:
                throw ServiceError(
                    400,
                    .validation,
                    "\(HTTPField.Name.requestPriority) must be high or low. Given: \(text.beginning(100))"
                )
            }
        }
        self.init(deadline: timeout.map { received + $0 }, priority: priority, received: received)
    }

    private static var maxTimeoutMilliseconds: Int { maxTimeoutMicroseconds / 1000 }

    /// Reads a number of plain digits, without sign and exponent. The joined values of two fields are refused.
    private static func milliseconds(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text).flatMap { (1...maxTimeoutMilliseconds).contains($0) ? $0 : nil }
    }
}

extension HTTPField.Name {
    /// Milliseconds that a request may take.
    static let requestTimeout = Self.make("x-request-timeout-ms")
    /// The queue in which a request's texts wait: high or low.
    static let requestPriority = Self.make("x-request-priority")
    /// `Retry-After` in milliseconds, which OpenAI's clients look for first.
    static let retryAfterMilliseconds = Self.make("retry-after-ms")
}
