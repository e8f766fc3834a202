import Testing

/// The error codes of RFC 9113, 7.
enum HTTP2Code: UInt32 {
    case noError = 0
    case protocolError, internalError, flowControl, settingsTimeout, streamClosed, frameSize, refusedStream, cancel
    case compression
}

/// A conformance case: the frames that a client sends after the preface and an empty SETTINGS frame, and the behaviour
/// that RFC 9113 demands of the server.
struct HTTP2Case: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// The server sends GOAWAY with one of the codes, and ends the connection.
        case connectionError([HTTP2Code])
        /// The server sends RST_STREAM on stream 1 with one of the codes and reports no request; the connection goes
        /// on.
        case streamError([HTTP2Code])
        /// The server reports this many requests and resets no stream; the connection goes on.
        case served(Int)
        /// The protocol itself answers stream 1; the connection goes on.
        case refused

        static func connectionError(_ codes: HTTP2Code...) -> Outcome { .connectionError(codes) }
        static func streamError(_ codes: HTTP2Code...) -> Outcome { .streamError(codes) }
    }

    let name: String
    let expected: Outcome
    let bytes: [UInt8]
    /// Whether requests are answered at once; otherwise they stay in work.
    let answers: Bool

    init(_ name: String, _ expected: Outcome, answers: Bool = false, _ parts: [UInt8]...) {
        self.name = name
        self.expected = expected
        self.answers = answers
        bytes = parts.flatMap { $0 }
    }

    var testDescription: String { name }

    /// Plays the case to a server and compares.
    func check() {
        let server = answers ? TestServer.echoing() : TestServer()
        server.receive(HTTP2Frames.start + bytes)
        let seen = server.requests.count
        // A PING and one more request show whether the connection goes on.
        server.receive(HTTP2Frames.ping() + HTTP2Frames.headers(101))
        let frames = server.frames
        let hasPong = frames.contains { $0.type == 6 && $0.flags == 1 }
        let isAlive = hasPong && server.requests.last?.id == 101 && server.goAwayCode == nil
        switch expected {
        case .connectionError(let codes):
            #expect(codes.map(\.rawValue).contains(server.goAwayCode ?? .max), "\(name): \(frames)")
            #expect(server.isFinished && server.inFlight == 0 && !server.errors.isEmpty, "\(name)")
        case .streamError(let codes):
            #expect(isAlive, "\(name): \(frames)")
            #expect(codes.map(\.rawValue).contains(server.resets[1] ?? .max), "\(name): \(frames)")
        case .served(let count):
            #expect(isAlive && server.resets.isEmpty, "\(name): \(frames)")
            #expect(seen == count, "\(name)")
        case .refused:
            #expect(isAlive && seen == 0 && frames.contains { $0.type == 1 && $0.stream == 1 }, "\(name): \(frames)")
        }
    }
}
