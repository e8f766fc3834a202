import HTTPProtocol
import HTTPTypes

/// Connections: the first byte decides how the rest is cut into pieces and how requests are answered.
enum ConnectionFuzzing {
    /// The same bytes give the same events and answers in any pieces, and nothing is left at the end.
    static func http1(_ input: [UInt8]) {
        guard let (style, bytes) = split(input) else { return }
        var whole = Owner(style: style)
        whole.receive(bytes[...])
        var cut = Owner(style: style)
        cut.receive(bytes[...], inPiecesOf: style.pieceBytes)
        precondition(whole.log == cut.log, "other events in pieces of \(style.pieceBytes)")
        // The order of HTTP/2's frames may differ: an answer to a frame may overtake other frames.
        precondition(whole.isHTTP2 || whole.output == cut.output, "other answers in pieces of \(style.pieceBytes)")
        whole.end()
        cut.end()
    }

    /// An HTTP/2 session after its preface ends without requests in work and without held bytes.
    static func http2(_ input: [UInt8]) {
        guard let (style, bytes) = split(input) else { return }
        var owner = Owner(style: style)
        owner.receive(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)[...])
        // An empty SETTINGS frame.
        owner.receive([0, 0, 0, 4, 0, 0, 0, 0, 0])
        owner.receive(bytes[...], inPiecesOf: style.pieceBytes)
        owner.passTime()
        owner.end()
    }

    private static func split(_ input: [UInt8]) -> (Style, [UInt8])? {
        input.first.map { (Style(byte: $0), Array(input.dropFirst())) }
    }
}

/// The behaviour of a connection's owner, by the bits of a byte.
private struct Style {
    let byte: UInt8

    /// The size of a piece, 1 to 61 bytes.
    var pieceBytes: Int { Int(byte & 15) * 4 + 1 }
    var answers: Bool { byte & 0x10 == 0 }
    var streams: Bool { byte & 0x20 != 0 }
    var drains: Bool { byte & 0x40 != 0 }
    var timesOut: Bool { byte & 0x80 != 0 }

    /// Small limits, so that small inputs reach them.
    var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.maxHeaderBytes = 512
        limits.maxHeaderFields = 16
        limits.maxTargetBytes = 128
        limits.maxBodyBytes = 1024
        limits.maxChunkExtensionBytes = 64
        limits.maxPipelinedBytes = 2048
        limits.maxConcurrentStreams = 4
        limits.maxConnectionBodyBytes = 2048
        return limits
    }
}

/// Drives a connection as a server would.
private struct Owner: ~Copyable {
    private var connection: HTTPConnection
    private let style: Style
    private var unanswered: [StreamID] = []
    private(set) var log: [String] = []
    private(set) var output: [UInt8] = []

    init(style: Style) {
        self.style = style
        connection = HTTPConnection(limits: style.limits) { status, _ in
            Response(status: .init(code: status), json: Array("\(status)".utf8))
        }
    }

    var isHTTP2: Bool { connection.isHTTP2 }

    mutating func receive(_ bytes: ArraySlice<UInt8>, inPiecesOf count: Int = .max) {
        var rest = bytes
        while !rest.isEmpty {
            connection.receive(Array(rest.prefix(count)).span)
            rest = rest.dropFirst(count)
            settle()
        }
    }

    /// Lets a minute pass, second by second.
    mutating func passTime() {
        for second in 0..<60 {
            _ = connection.enforceStreamTimeLimits(now: .seconds(second), body: .seconds(30), write: .seconds(30))
            settle()
        }
    }

    /// The client disconnects, and the requests in work are answered. Then nothing may be left.
    mutating func end() {
        if style.timesOut {
            connection.phaseTimedOut()
            settle()
        }
        if style.drains {
            connection.drain()
            settle()
            connection.drain()
            settle()
        }
        connection.receiveEndOfInput()
        settle()
        while let id = unanswered.popLast() {
            respond(to: id)
            settle()
        }
        let isFinished = connection.isFinished
        precondition(isFinished, "a connection without end")
        let (inFlight, held, waiting) =
            (connection.inFlight, connection.bufferedInputBytes, connection.bufferedOutputBytes)
        precondition(inFlight == 0 && held == 0 && waiting == 0, "left behind: \(inFlight) \(held) \(waiting)")
    }

    private mutating func settle() {
        while true {
            var isQuiet = true
            while let event = connection.nextEvent() {
                isQuiet = false
                handle(event)
            }
            let bytes = connection.takeOutput(atMost: 4096)
            output += bytes
            if isQuiet, bytes.isEmpty { return }
        }
    }

    private mutating func handle(_ event: HTTPEvent) {
        switch event {
        case .request(let request, let id):
            check(request)
            log.append("request \(id) \(request.head.method) \(request.head.path ?? "") \(request.body.count)")
            unanswered.append(id)
            if style.answers { respond(to: id) }
        case .cancelled(let id):
            log.append("cancelled \(id)")
            unanswered.removeAll { $0 == id }
        case .bodyCapacity(let id):
            connection.appendBody([0x62], isComplete: true, to: id)
        case .protocolError(let kind):
            log.append("error \(kind)")
        }
    }

    private mutating func respond(to id: StreamID) {
        unanswered.removeAll { $0 == id }
        connection.respond(HTTPResponse(status: .ok), body: [0x61], isComplete: !style.streams, to: id)
    }

    /// Traps if a request exceeds the limits or could be read differently by another server.
    private func check(_ request: Request) {
        let limits = style.limits
        precondition(request.body.count <= limits.maxBodyBytes)
        precondition(request.head.headerFields.count <= limits.maxHeaderFields)
        let path = request.head.path ?? ""
        precondition(path.utf8.count <= limits.maxTargetBytes && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        for field in request.head.headerFields {
            precondition(!field.value.utf8.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D })
            precondition(!["connection", "transfer-encoding", "host"].contains(field.name.canonicalName))
        }
    }
}
