import HTTPProtocol
import HTTPTypes
import Logging
import Time
import Transport

/// Refusals that are repeated; see ``RefusalMemo``.
extension Connection {
    /// Answers a whole HTTP/1.1 request by the refusal that its head got a moment ago. Returns false if there is none;
    /// then the bytes must be parsed.
    func refuseUnparsed(_ bytes: Span<UInt8>, _ age: Duration) -> Bool {
        guard place.shortage == nil, let (kept, bodyBytes) = table.memo.refusal(of: bytes, age: age),
            bodyBytes <= context.configuration.limits.maxBodyBytes, http.answerUnparsed(kept.answer)
        else { return false }
        context.counters.add(1, to: .requests)
        table.memo.count(kept, Arrival(received: arrived, client: client), bodyBytes, in: context.counters)
        answered = .now
        noteRepeat()
        return true
    }

    /// Answers a request of HTTP/2 by the refusal that its head got a moment ago. Returns false if there is none.
    func refuseUnjudged(_ request: Request, _ stream: StreamID) -> Bool {
        guard http.isHTTP2, let plan = request.plan as? RepeatedPlan else { return false }
        let arrival = Arrival(received: arrived, client: client)
        guard plan.holds(for: arrival) else { return false }
        context.counters.add(1, to: .requests)
        table.memo.count(plan.kept, arrival, request.body.count, in: context.counters)
        http.respondInHTTP2(plan.kept.answer, to: stream)
        noteRepeat()
        return true
    }

    /// Keeps the refusal of a request, or the bytes of a request that was refused by its head.
    func keep(_ refusal: RepeatableRefusal?, of request: Request) {
        let plan = request.plan as? RepeatedPlan
        guard refusal != nil || plan?.kept.raw == nil && plan != nil else { return }
        var raw: RawHead?
        if let (id, count) = table.lastRead, id == self.id {
            let bytes = table.readBuffer
            raw = RawHead(ofWholeRequest: bytes.span.extracting(first: count))
        }
        guard let refusal else {
            plan?.kept.raw = raw
            return noteRepeat()
        }
        var fields: HTTPFields = [.date: table.dateField()]
        if let name = context.configuration.serverName { fields[.server] = name }
        table.memo.keep(refusal, of: request.head, fields: fields, raw: raw)
    }

    /// Tells the operator now and then that requests are refused without a line of their own in the log.
    private func noteRepeat() {
        guard let count = table.repeats.note(at: table.reactor.now) else { return }
        context.logger.warning(
            "requests are refused without being parsed, and are not logged one by one",
            metadata: ["requests": "\(count)"]
        )
    }
}

/// The plan for a request that gets the refusal that an equal head got a moment ago.
final class RepeatedPlan: RequestPlan {
    let kept: RefusalMemo.Entry
    private let memo: RefusalMemo
    private let context: ServerContext
    private let client: String?

    init(_ kept: RefusalMemo.Entry, in memo: RefusalMemo, _ context: ServerContext, client: String?) {
        self.kept = kept
        self.memo = memo
        self.context = context
        self.client = client
    }

    var isWork: Bool { true }

    /// Refuses the request, unless its body came so late that the refusal holds no longer.
    func begin(_ request: Request, _ arrival: Arrival) -> Reply {
        guard holds(for: arrival) else {
            switch context.handler.judge(request.head, body: .none, client: client) {
            case .answer(let response): return .answer(response)
            case .plan(let plan): return plan.begin(request, arrival)
            }
        }
        memo.count(kept, arrival, request.body.count, in: context.counters)
        return .answer(Response(head: kept.refusal.head, body: .bytes(kept.refusal.body)))
    }

    /// Whether a request that is complete now still gets the refusal.
    func holds(for arrival: Arrival) -> Bool { kept.until > memo.now && kept.refusal.ages.contains(arrival.unread) }
}
