import HTTPTypes

/// The server's side of an HTTP/1.1 or HTTP/1.0 connection (RFC 9112) as a state machine: bytes go in, events and bytes
/// come out. One request is in work at a time. Requests pipelined behind it wait, so answers keep the requests' order.
///
/// After a protocol error the connection answers, closes, and ignores all further bytes: they may be part of a body,
/// but another reader could take them for a request.
struct HTTP1Connection {
    enum State: Equatable {
        /// The connection is at the start of a request or in its first line.
        case requestLine
        case fields
        case sizedBody(remaining: Int)
        case chunkedBody
        /// The owner has the request, and its answer is not complete.
        case inWork
        /// No more bytes are read; bytes that wait are still written.
        case closed
    }

    /// The part of a request that is kept until it is answered.
    struct Work {
        let id: StreamID
        let version: HTTPVersion
        let isHead: Bool
        var keepsAlive: Bool
        /// How the answer's body is delimited, once its head is written.
        var answer: ResponseSerializer.Body?
        /// Whether the body is left out, as for HEAD.
        var dropsBody = false
        /// Whether the owner waits until there is capacity for its next piece.
        var awaitsCapacity = false
    }

    let limits: HTTPLimits
    let admission: RequestAdmission
    let ownAnswer: OwnAnswerMaker
    /// Fields that are added to the answers of the protocol itself.
    var ownAnswerFields = HTTPFields()

    var events = EventQueue()
    var output = ByteQueue()
    /// The number of the current phase; see ``HTTPConnection/phaseEpoch``.
    private(set) var epoch: UInt64 = 0
    var state = State.requestLine {
        didSet { if state != oldValue, !Self.isSamePhase(state, oldValue) { epoch &+= 1 } }
    }
    var work: Work?

    // The parts of the request that is being read. They are not in `State`, so that they are never copied when they
    // grow.
    var lines = LineReader()
    var head: RequestHead?
    var headBytes = 0
    /// The head as a value, once it is complete and valid.
    var requestHead: HTTPRequest?
    /// The plan of the request whose body is being read.
    var plan: (any RequestPlan)?
    var body: [UInt8] = []
    var chunks = ChunkedDecoder()
    var hasSkippedEmptyLine = false

    /// The bytes that are pipelined behind the request in work, from `pendingStart` on.
    var pending: [UInt8] = []
    var pendingStart = 0
    var pendingCount: Int { pending.count - pendingStart }

    /// Whether TLS has not agreed on HTTP/1.1, so that the first bytes tell the protocol.
    private let isDetected: Bool
    private var requestCount: StreamID = 0
    var hasInputEnded = false
    private var isDraining = false
    private var isTimedOut = false

    init(
        limits: HTTPLimits,
        isDetected: Bool,
        admission: @escaping RequestAdmission,
        ownAnswer: @escaping OwnAnswerMaker
    ) {
        self.limits = limits
        self.isDetected = isDetected
        self.admission = admission
        self.ownAnswer = ownAnswer
    }

    /// Whether both states belong to one phase. More bytes of the same body do not begin a new phase.
    private static func isSamePhase(_ one: State, _ other: State) -> Bool {
        if case .sizedBody = one, case .sizedBody = other { return true }
        return false
    }

    // MARK: State for the owner

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

    /// Whether to read from the socket. While an answer waits to be written the next request is not begun, so its bytes
    /// can stay in the socket.
    var wantsInput: Bool {
        guard state != .closed, !hasInputEnded, pendingCount < limits.maxPipelinedBytes else { return false }
        return !(state == .requestLine && isOutputFull)
    }

    var isOutputFull: Bool { output.count >= limits.responseLowWaterBytes }
    var isFinished: Bool { state == .closed && output.isEmpty }
    var inFlight: Int { work == nil ? 0 : 1 }
    var bufferedInputBytes: Int { lines.line.count + headBytes + body.count + pendingCount }

    // MARK: Ends

    /// Stops reading. The connection ends once the output is written.
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
        plan = nil
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

    /// Whether the connection's first line may come from a client of another protocol. If the first bytes decide the
    /// protocol, such a line is an invalid preface of HTTP/2.
    var mayBeForeign: Bool { isDetected && requestCount == 0 }

    /// Ends a connection whose first line is not an HTTP/1.x request, as RFC 9113, 3.4, requires for an invalid
    /// preface: a client that does not speak HTTP/1.x could not read a 400.
    mutating func refusePreface() {
        events.append(.protocolError(.requestLine))
        finish()
        output.append(PrefaceDetector.refusal)
    }

    private mutating func appendOwnAnswer(status: Int, message: String, version: HTTPVersion, isHead: Bool) {
        let own = ownAnswer(status, message)
        let head = own.ownHead(common: ownAnswerFields)
        output.append(
            ResponseSerializer.head(head, body: .length(own.bytes.count), version: version, keepsAlive: false)
        )
        if !isHead { output.append(own.bytes) }
    }

    /// Answers a request whose body has not arrived yet, and ends the connection. The client may or may not send the
    /// body, so the next bytes could be the body or a new request.
    mutating func refuse(_ refusal: Response, _ head: RequestHead) {
        finish()
        var response = refusal.head
        for field in ownAnswerFields { response.headerFields[field.name] = field.value }
        let framing = ResponseSerializer.Body.length(refusal.bytes.count)
        output.append(ResponseSerializer.head(response, body: framing, version: head.version, keepsAlive: false))
        if !head.isHead { output.append(refusal.bytes) }
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
            // The client does not read, or the handler does not answer: there is no one to send an error to.
            output.removeAll()
            finish()
        }
        isTimedOut = true
    }

    // MARK: The course of a request

    /// Passes the request that has been read to the owner.
    mutating func handOut() {
        guard let head, let requestHead else { return }
        // After the last possible number the connection closes; the count does not start again.
        let isLast = requestCount == .max - 1
        requestCount += 1
        work = Work(
            id: requestCount,
            version: head.version,
            isHead: head.isHead,
            keepsAlive: head.keepsAlive && !isLast
        )
        state = .inWork
        let request = Request(head: requestHead, version: head.version, body: body, plan: plan)
        events.append(.request(request, requestCount))
        prepareForNextRequest()
    }

    private mutating func prepareForNextRequest() {
        head = nil
        requestHead = nil
        plan = nil
        headBytes = 0
        body = []
        chunks = ChunkedDecoder()
        lines.reset()
        hasSkippedEmptyLine = false
    }

    /// Continues after an answer's last byte is in the output: with the next request, or with the end of the
    /// connection.
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

    /// Whether the next byte begins a request, and nothing waits to be written.
    var isAtRequest: Bool {
        state == .requestLine && lines.isEmpty && !hasSkippedEmptyLine && pendingCount == 0 && output.isEmpty
            && !hasInputEnded
    }

    /// Answers a request whose bytes were not passed to `receive`; see ``HTTPConnection/answerUnparsed(_:)``.
    mutating func answerUnparsed(_ answer: [UInt8]) -> Bool {
        guard !isDraining, requestCount < .max - 1 else { return false }
        requestCount += 1
        epoch &+= 1
        output.append(answer)
        return true
    }

    /// Whether the connection stays open after this answer.
    func keepsAlive(_ work: Work, _ response: HTTPResponse) -> Bool {
        guard work.keepsAlive, !isDraining else { return false }
        let options = response.headerFields[values: .connection]
        return !options.contains { value in
            TokenList.elements(Array(value.utf8)[...]).contains { TokenList.isEqual($0, "close") }
        }
    }
}
