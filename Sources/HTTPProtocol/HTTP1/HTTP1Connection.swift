import HTTPTypes

/// The server's side of an HTTP/1.1 or HTTP/1.0 connection (RFC 9112) as a state machine: bytes in, events and bytes
/// out. One request is in work at a time; what is pipelined behind it waits, so answers keep the requests' order.
///
/// After a protocol error the connection answers, closes, and looks at no further byte: what is on the wire then may
/// be part of a body that another reader takes for a request.
struct HTTP1Connection {
    enum State: Equatable {
        /// At the start of a request or in its first line.
        case requestLine
        case fields
        case sizedBody(remaining: Int)
        case chunkedBody
        /// The request is handed out and its answer isn't complete.
        case inWork
        /// Nothing more is read; what waits is still written.
        case closed
    }

    /// What must be remembered of a request until it is answered.
    struct Work {
        let id: StreamID
        let version: HTTPVersion
        let isHead: Bool
        var keepsAlive: Bool
        /// How the answer's body is delimited, once its head is written.
        var answer: ResponseSerializer.Body?
        /// Whether the body isn't written, as for HEAD.
        var dropsBody = false
        /// Whether the owner waits for room for its next piece.
        var awaitsRoom = false
    }

    let limits: HTTPLimits
    let admission: HTTPConnection.Admission
    let ownAnswer: OwnAnswer.Maker
    /// Fields that are added to the answers that the protocol makes itself.
    var ownAnswerFields = HTTPFields()

    var events = EventQueue()
    var output = ByteQueue()
    /// Counts the phases, see ``HTTPConnection/phaseEpoch``.
    private(set) var epoch: UInt64 = 0
    var state = State.requestLine {
        didSet { if state != oldValue, !Self.isSamePhase(state, oldValue) { epoch &+= 1 } }
    }
    var work: Work?

    // The request that is being read. Kept outside of `State`, so that growing them never copies them.
    var lines = LineReader()
    var head: RequestHead?
    var headBytes = 0
    /// The head as a value, once it is complete and found good.
    var requestHead: HTTPRequest?
    var body: [UInt8] = []
    var chunks = ChunkedDecoder()
    var hasSkippedEmptyLine = false

    /// What is pipelined behind the request in work, from `pendingStart`.
    var pending: [UInt8] = []
    var pendingStart = 0
    var pendingCount: Int { pending.count - pendingStart }

    private var requestCount: StreamID = 0
    var hasInputEnded = false
    private var isDraining = false
    private var isTimedOut = false

    init(
        limits: HTTPLimits,
        admission: @escaping HTTPConnection.Admission,
        ownAnswer: @escaping OwnAnswer.Maker
    ) {
        self.limits = limits
        self.admission = admission
        self.ownAnswer = ownAnswer
    }

    /// More of the same body isn't a new phase.
    private static func isSamePhase(_ one: State, _ other: State) -> Bool {
        if case .sizedBody = one, case .sizedBody = other { return true }
        return false
    }

    // MARK: What the owner looks at

    var phase: ConnectionPhase {
        if state == .closed { return output.isEmpty || isTimedOut ? .closing : .writing }
        guard output.isEmpty else { return .writing }
        return switch state {
        case .requestLine: lines.isEmpty ? .idle : .readingHead
        case .fields: .readingHead
        case .sizedBody, .chunkedBody: .readingBody
        case .inWork: .awaitingResponse
        case .closed: .closing
        }
    }

    /// While an answer waits to be written the next request isn't begun, so its bytes may stay in the socket.
    var wantsInput: Bool {
        guard state != .closed, !hasInputEnded, pendingCount < limits.maxPipelinedBytes else { return false }
        return !(state == .requestLine && isOutputFull)
    }

    var isOutputFull: Bool { output.count >= limits.responseLowWaterBytes }
    var isFinished: Bool { state == .closed && output.isEmpty }
    var inFlight: Int { work == nil ? 0 : 1 }
    var bufferedInputBytes: Int { lines.line.count + headBytes + body.count + pendingCount }

    // MARK: Ends

    /// Nothing more is read; once the output is written the connection ends.
    mutating func finish() {
        state = .closed
        work = nil
        discardInput()
    }

    private mutating func discardInput() {
        pending = []
        pendingStart = 0
        body = []
        head = nil
        requestHead = nil
        headBytes = 0
        lines = LineReader()
    }

    /// Answers a protocol error and ends the connection.
    mutating func fail(_ error: ProtocolError) {
        let isHead = head?.isHead ?? false
        let version = head?.version ?? .http11
        events.append(.protocolError(error.kind))
        finish()
        appendOwnAnswer(status: error.status, message: error.description, version: version, isHead: isHead)
    }

    private mutating func appendOwnAnswer(status: Int, message: String, version: HTTPVersion, isHead: Bool) {
        let own = ownAnswer(status, message)
        let head = own.head(status: status, fields: ownAnswerFields)
        output.append(
            ResponseSerializer.head(head, body: .length(own.body.count), version: version, keepsAlive: false)
        )
        if !isHead { output.append(own.body) }
    }

    /// Answers a request whose body is still to come, and ends the connection: the body may follow or not, so what
    /// comes behind can't be told from it.
    mutating func refuse(_ refusal: (head: HTTPResponse, body: [UInt8]), _ head: RequestHead) {
        finish()
        var response = refusal.head
        for field in ownAnswerFields { response.headerFields[field.name] = field.value }
        let framing = ResponseSerializer.Body.length(refusal.body.count)
        output.append(ResponseSerializer.head(response, body: framing, version: head.version, keepsAlive: false))
        if !head.isHead { output.append(refusal.body) }
    }

    mutating func drain(isFinal: Bool) {
        isDraining = true
        if isFinal, state == .requestLine, lines.isEmpty, pendingCount == 0 { finish() }
    }

    mutating func phaseTimedOut() {
        switch phase {
        case .readingHead, .readingBody: fail(.timedOut)
        case .idle: finish()
        case .awaitingResponse, .writing, .closing:
            // Nobody reads, or nobody answers: there is nothing to say and nobody to say it to.
            output.removeAll()
            finish()
        }
        isTimedOut = true
    }

    // MARK: A request's way

    /// Hands the request that has been read to the owner.
    mutating func handOut() {
        guard let head, let requestHead else { return }
        // After the last number the connection closes instead of counting on from the start.
        let isLast = requestCount == .max - 1
        requestCount += 1
        work = Work(
            id: requestCount,
            version: head.version,
            isHead: head.isHead,
            keepsAlive: head.keepsAlive && !isLast
        )
        state = .inWork
        events.append(.request(Request(head: requestHead, version: head.version, body: body), requestCount))
        prepareForNextRequest()
    }

    private mutating func prepareForNextRequest() {
        head = nil
        requestHead = nil
        headBytes = 0
        body = []
        chunks = ChunkedDecoder()
        lines.reset()
        hasSkippedEmptyLine = false
    }

    /// The answer's last byte is in the output: the next request, or the end.
    mutating func completeAnswer() {
        let keepsAlive = work?.keepsAlive ?? false
        work = nil
        guard keepsAlive else {
            finish()
            return
        }
        state = .requestLine
        resume()
    }

    /// Whether this answer may leave the connection open.
    func keepsAlive(_ work: Work, _ response: HTTPResponse) -> Bool {
        guard work.keepsAlive, !isDraining else { return false }
        let options = response.headerFields[values: .connection]
        return !options.contains { value in
            TokenList.elements(Array(value.utf8)[...]).contains { TokenList.isEqual($0, "close") }
        }
    }
}
