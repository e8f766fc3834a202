import Budget
import HTTPProtocol
import HTTPTypes
import Logging
import Synchronization
import Time

/// The values that all loops of one server share. They do not change, except for the counters.
struct ServerContext: Sendable {
    let configuration: HTTPServerConfiguration
    let handler: any RequestHandler
    let executor: RequestWorkExecutor
    let counters = ServerCounters()
    /// The memory that requests make the process hold. Connections count bodies and answers here; the handler counts
    /// the rest.
    let memory: MemoryBudget
    let logger: Logger
    /// The connections of each address; nil if nobody limits them.
    let shares: AddressShares?
    private let shortageNotes = Pacer(interval: .seconds(10))

    init(
        configuration: HTTPServerConfiguration,
        handler: any RequestHandler,
        executor: RequestWorkExecutor,
        logger: Logger
    ) {
        self.configuration = configuration
        self.handler = handler
        self.executor = executor
        self.logger = logger
        let most = configuration.maxConnectionsPerAddress
        shares = most > 0 ? AddressShares(most: most) : nil
        memory = MemoryBudget(limit: configuration.memoryBudget == 0 ? .max : configuration.memoryBudget)
    }

    private var outboundLimit: Int {
        configuration.maxOutboundBytes == 0 ? memory.limit : configuration.maxOutboundBytes
    }

    /// Whether the bytes that wait to be written have reached their limit. Then requests are refused and streamed
    /// answers pause.
    var isOutboundFull: Bool { memory.held(for: .answers) >= outboundLimit || memory.isFull(for: .answers) }

    /// Whether an answer of so many bytes may wait.
    ///
    /// - Parameter isCounted: Whether the budget counts these bytes already.
    func hasCapacity(for bytes: Int, isCounted: Bool) -> Bool {
        let others = isCounted ? bytes : 0
        return memory.held(for: .answers) - others <= outboundLimit - bytes
            && memory.held - others <= memory.limit - bytes
    }

    /// Whether the bytes that wait to be written have reached half of their limit. Then slow clients are cut. Otherwise
    /// a few clients that read a little now and then could use up the limit for hours.
    var isOutboundScarce: Bool { memory.held(for: .answers) >= outboundLimit / 2 }

    /// Whether request bodies have reached their limit of bytes. Then no more of them is read.
    var isInboundFull: Bool { isInboundFull(beside: 0) }

    /// Whether request bodies fill their limit even without `bytes` of them. If so, a request with a body of `bytes` is
    /// refused.
    func isInboundFull(beside bytes: Int) -> Bool {
        let limit = configuration.maxInboundBytes == 0 ? memory.limit : configuration.maxInboundBytes
        return memory.held(for: .received) - bytes >= limit || memory.isFull(for: .received, beside: bytes)
    }

    /// The stage that has no capacity for a request whose body has `bytes`; nil if there is capacity.
    func shortage(beside bytes: Int) -> MemoryBudget.Stage? {
        isOutboundFull ? .answers : isInboundFull(beside: bytes) ? .received : nil
    }

    /// Counts a refusal for lack of memory, and tells the operator of it now and then.
    func refused(for stage: MemoryBudget.Stage) {
        counters.add(1, to: .overloadedRequests)
        memory.refuse(stage)
        guard shortageNotes.isDue(at: .now) else { return }
        var metadata: Logger.Metadata = ["stage": "\(stage)", "memory_budget": "\(memory.limit)"]
        for stage in MemoryBudget.Stage.allCases { metadata["held_\(stage)"] = "\(memory.held(for: stage))" }
        logger.warning("requests are refused, because requests hold too much memory", metadata: metadata)
    }

    /// The message of the 503 when there is no capacity for a request or its answer.
    static let overloadMessage = "the server holds too many bytes of other requests; try again"

    /// The refusal of a request when there is no capacity for it.
    func overloadResponse(to work: any RequestWork) -> Response {
        var response = work.refuse(status: 503, message: Self.overloadMessage)
        response.head.headerFields[.retryAfter] = "1"
        return response
    }

    /// The refusal that replaces an answer when there is no capacity for the answer.
    func overloadResponse(_ arrival: Arrival, replacing record: (any AnswerRecord)?) -> Response {
        let refusal = Refusal(status: 503, message: Self.overloadMessage, arrival: arrival, replaced: record)
        var response = handler.refuse(refusal)
        response.head.headerFields[.retryAfter] = "1"
        return response
    }

    /// The refusal of work on a connection without a place.
    func refusal(_ shortage: Shortage?, client: String?) -> Response {
        let message = (shortage ?? .full).message
        var response = handler.refuse(Refusal(status: 503, message: message, arrival: Arrival(client: client)))
        response.head.headerFields[.retryAfter] = "1"
        return response
    }

    /// A whole answer for a connection without a place whose request has not come, or not whole. So its HTTP version is
    /// unknown. Most clients understand a 503 in HTTP/1.1.
    func refusal(_ shortage: Shortage, date: String, client: String?) -> [UInt8] {
        let own = handler.ownAnswer(503, shortage.message, client: client)
        return lastAnswer("503 Service Unavailable", own, fields: "Retry-After: 1\r\n", date: date)
    }

    /// The bytes of the answer to plain HTTP on a port with TLS.
    func plainTextRefusal(date: String, client: String?) -> [UInt8] {
        let own = handler.ownAnswer(400, "this port speaks TLS; use https://", client: client)
        return lastAnswer("400 Bad Request", own, fields: "", date: date)
    }

    /// The bytes of a whole HTTP/1.1 answer after which the connection ends.
    private func lastAnswer(_ status: String, _ own: Response, fields: String, date: String) -> [UInt8] {
        let body = if case .bytes(let bytes) = own.body { bytes } else { [UInt8]() }
        let ownFields = own.head.headerFields.map { "\($0.name.canonicalName): \($0.value)\r\n" }.joined()
        let head = """
            HTTP/1.1 \(status)\r
            Date: \(date)\r
            \(ownFields)Content-Length: \(body.count)\r
            \(fields)Connection: close\r
            \r

            """
        return Array(head.utf8) + body
    }
}

/// Answers that the protocol itself gives. They cannot be replaced later, so they are recorded when they are made.
extension RequestHandler {
    /// The answer to a request that the protocol refuses.
    func ownAnswer(_ status: Int, _ message: String, client: String?) -> Response {
        given(refuse(Refusal(status: status, message: message, arrival: Arrival(client: client))))
    }

    /// Records a complete answer as given, and returns it.
    func given(_ response: Response) -> Response {
        guard case .bytes(let body) = response.body else { return response }
        response.record?.began(status: response.head.status.code, bytes: body.count, isComplete: true)
        return response
    }
}

/// Lets something happen at most once in an interval. The lock guards the time of the last one.
final class Pacer: Sendable {
    private let interval: Duration
    private let last = Mutex<Instant?>(nil)

    init(interval: Duration) {
        self.interval = interval
    }

    /// Whether the interval has passed since this was true last.
    func isDue(at now: Instant) -> Bool {
        last.withLock { last in
            if let last, now - last < interval { return false }
            last = now
            return true
        }
    }
}
