import Budget
import HTTPProtocol
import HTTPTypes
import Logging
import Time
import Transport

extension Connection {
    /// Handles the events of the protocol. Returns whether there were any.
    func handleEvents() -> Bool {
        beginParked()
        for handled in 0..<Self.eventsPerRound {
            guard let event = http.nextEvent() else { return handled > 0 }
            switch event {
            case .request(let request, let stream): receive(request, stream)
            case .cancelled(let stream): cancel(stream)
            case .bodyCapacity(let stream): pullNext(stream)
            case .protocolError(let kind): context.counters.count(kind)
            }
        }
        return true
    }

    // MARK: Requests

    private func receive(_ request: Request, _ stream: StreamID) {
        if refuseUnjudged(request, stream) { return }
        context.counters.add(1, to: .requests)
        clock.requestReceived(at: table.reactor.now)
        let reply = reply(to: request)
        endIfPlaceless()
        switch reply {
        case .answer(let response):
            begin(response, stream)
            keep(response.repeatable, of: request)
        case .work(let work):
            let bodyBytes = request.body.count
            if let stage = context.shortage(beside: bodyBytes) {
                context.refused(for: stage)
                begin(context.overloadResponse(to: work), stream)
            } else if isOutboundFull {
                parked.append((work, bodyBytes, stream))
                heldBodyBytes += bodyBytes
            } else {
                run(work, bodyBytes: bodyBytes, stream)
            }
        }
    }

    /// Carries out the plan that was made from the request's head. If no body followed the head, the plan is made here
    /// first.
    private func reply(to request: Request) -> Reply {
        var request = request
        var arrival = Arrival(received: arrival(), client: client)
        if table.lag.refuses(arrival.unread) { arrival.longestWait = table.lag.limit }
        arrival.before = context.executor.backlog
        if let plan = request.plan {
            // The plan may keep the request, so the request must not keep the plan: that would be a reference cycle.
            request.plan = nil
            return plan.begin(request, arrival)
        }
        switch context.handler.judge(request.head, body: .none, client: client) {
        case .answer(let response): return .answer(response)
        case .plan(let plan):
            guard !plan.isWork || place.takesWork() else {
                return .answer(context.refusal(place.shortage, client: client))
            }
            return plan.begin(request, arrival)
        }
    }

    /// When the request that is taken now had arrived. A request that was pipelined behind another one counts as
    /// arrived when that one's answer is complete: its client has chosen the order.
    private func arrival() -> Instant {
        http.isHTTP2 ? arrived : max(arrived, answered)
    }

    /// Whether this connection's answers pile up. In HTTP/1.1 the protocol itself takes one request at a time.
    private var isOutboundFull: Bool {
        http.bufferedOutputBytes > context.configuration.maxOutboundBytesPerConnection
    }

    /// Begins requests that waited until the client had read earlier answers. At most as many wait as there may be
    /// streams.
    private func beginParked() {
        while !parked.isEmpty, !isOutboundFull {
            let (work, bodyBytes, stream) = parked.removeFirst()
            heldBodyBytes -= bodyBytes
            run(work, bodyBytes: bodyBytes, stream)
        }
        resumePulls()
    }

    /// Starts a task that makes the answer. The task sends the answer to the loop as a job; the loop passes it to this
    /// connection if the connection still exists by then.
    private func run(_ work: any RequestWork, bodyBytes: Int, _ stream: StreamID) {
        context.counters.add(1, to: .requestsInFlight)
        let (loop, id) = (table.loop, id)
        let task = Task(executorPreference: context.executor) {
            let response = await work.run()
            loop.execute { $0.connection(id)?.answered(stream, response) }
        }
        exchanges[stream] = Exchange(task: task, pull: nil, work: work, bodyBytes: bodyBytes)
        heldBodyBytes += bodyBytes
    }

    // MARK: Answers

    /// Handles an answer that a task has made.
    private func answered(_ stream: StreamID, _ response: Response) {
        guard stage == .serving, let work = exchanges[stream]?.work else { return }
        complete(stream)
        begin(isTooLate(response, of: work) ? work.tooLate(replacing: response.record) : response, stream)
        step()
    }

    /// Whether the request's time has passed, perhaps while the answer waited for this loop. Its client has given up.
    private func isTooLate(_ response: Response, of work: any RequestWork) -> Bool {
        // An error is true later too, and a client must not try again what can never succeed.
        guard let deadline = work.deadline, response.head.status.kind == .successful else { return false }
        return deadline < .now
    }

    /// Gives an answer, or the beginning of a streamed one, to the protocol.
    private func begin(_ response: Response, _ stream: StreamID) {
        var head = response.head
        head.headerFields[.date] = table.dateField()
        if let name = context.configuration.serverName { head.headerFields[.server] = name }
        switch response.body {
        case .bytes(let body):
            guard
                body.count <= Self.writeBytes || context.hasCapacity(for: body.count, isCounted: response.held != nil)
            else {
                // The answer is computed, but there is no capacity for it. A refusal of one request is better than a
                // process without memory.
                context.refused(for: .answers)
                let arrival = Arrival(client: client)
                return begin(context.overloadResponse(arrival, replacing: response.record), stream)
            }
            response.record?.began(status: head.status.code, bytes: body.count, isComplete: true)
            answered = .now
            // A request that was pipelined behind this one is parsed now.
            table.memo.age = .zero
            http.respond(head, body: body, isComplete: true, to: stream)
        case .stream(let pull):
            context.counters.add(1, to: .requestsInFlight)
            response.record?.began(status: head.status.code, bytes: 0, isComplete: false)
            exchanges[stream] = Exchange(task: nil, pull: pull, bodyBytes: 0, record: response.record)
            http.respond(head, body: [], isComplete: false, to: stream)
        }
    }

    /// Asks for the next piece of a streamed answer, because the protocol has capacity for it.
    private func pullNext(_ stream: StreamID) {
        guard let pull = exchanges[stream]?.pull else { return }
        guard !context.isOutboundFull else {
            pausedPulls.append(stream)
            return
        }
        let (loop, id) = (table.loop, id)
        exchanges[stream]?.task = Task(executorPreference: context.executor) {
            let piece: Result<[UInt8]?, any Error>
            do {
                piece = .success(try await pull())
            } catch {
                piece = .failure(error)
            }
            loop.execute { $0.connection(id)?.pulled(stream, piece) }
        }
    }

    private func pulled(_ stream: StreamID, _ piece: Result<[UInt8]?, any Error>) {
        guard stage == .serving, exchanges[stream] != nil else { return }
        switch piece {
        case .success(let bytes?):
            exchanges[stream]?.record?.continued(bytes: bytes.count, isComplete: false)
            http.appendBody(bytes, isComplete: false, to: stream)
        case .success(nil):
            exchanges[stream]?.record?.continued(bytes: 0, isComplete: true)
            complete(stream)
            answered = .now
            http.appendBody([], isComplete: true, to: stream)
        case .failure(let error):
            context.logger.warning("a streamed answer broke off", metadata: ["error": "\(error)"])
            complete(stream)
            http.abort(stream)
        }
        step()
    }

    /// Goes on with streamed answers that waited for other connections' bytes to be written.
    private func resumePulls() {
        guard !pausedPulls.isEmpty, !context.isOutboundFull else { return }
        let streams = pausedPulls
        pausedPulls = []
        for stream in streams { pullNext(stream) }
    }

    // MARK: Ends

    private func complete(_ stream: StreamID) {
        guard let exchange = exchanges.removeValue(forKey: stream) else { return }
        heldBodyBytes -= exchange.bodyBytes
        context.counters.add(-1, to: .requestsInFlight)
    }

    private func cancel(_ stream: StreamID) {
        if let index = parked.firstIndex(where: { $0.stream == stream }) {
            let (work, bodyBytes, _) = parked.remove(at: index)
            heldBodyBytes -= bodyBytes
            abandon(work)
        }
        guard let exchange = exchanges[stream] else { return }
        complete(stream)
        exchange.task?.cancel()
        context.counters.add(1, to: .cancelledRequests)
    }

    /// Cancels all requests in work.
    func cancelExchanges() {
        for stream in Array(exchanges.keys) { cancel(stream) }
        for (work, _, _) in parked { abandon(work) }
        parked = []
        pausedPulls = []
    }

    /// Gives up work that has not begun, because its client has disconnected.
    private func abandon(_ work: any RequestWork) {
        context.counters.add(1, to: .cancelledRequests)
        _ = work.refuse(status: 499, message: "the client went away")
    }
}
