import HTTPProtocol
import HTTPTypes
import TestSupport
import Testing

@Suite("HTTP/2 attacks and violations (RFC 9113, 4 to 6 and 10.5)")
struct HTTP2AttackTests {
    private static let enhanceYourCalm: UInt32 = 11

    /// Sends the same frames again and again until the connection ends. Returns the number of times it accepted them.
    private func flood(_ server: TestServer, atMost count: Int = 20_000, _ frames: (UInt32) -> [UInt8]) -> Int {
        server.receive(HTTP2Frames.start)
        for round in 0..<count {
            guard !server.isFinished else { return round }
            server.receive(frames(UInt32(round)))
        }
        return count
    }

    @Test(
        "a flood of frames that cost nothing ends the connection",
        arguments: [
            HTTP2Frames.ping(), HTTP2Frames.ping(isAcknowledgement: true), HTTP2Frames.settings,
            HTTP2Frames.setting(3, 100), HTTP2Frames.windowUpdate(0, 1),
            HTTP2Frames.frame(2, stream: 1, [0, 0, 0, 0, 15]), HTTP2Frames.frame(0xFA, [1, 2, 3]),
            HTTP2Frames.frame(16, [0, 0, 0, 1, 117]),
        ]
    )
    func controlFlood(frame: [UInt8]) {
        let server = TestServer()
        let rounds = flood(server) { _ in frame }
        #expect(rounds < 2000 && rounds > 500)
        #expect(server.goAwayCode == Self.enhanceYourCalm && server.errors == [.http2Flood])
    }

    @Test(
        "a flood of empty or padded DATA ends the connection, though the body never grows",
        arguments: [HTTP2Frames.data(1), HTTP2Frames.frame(0, flags: 8, stream: 1, [5, 0, 0, 0, 0, 0])]
    )
    func emptyData(frame: [UInt8]) {
        let server = TestServer()
        let rounds = flood(server) { $0 == 0 ? HTTP2Frames.headers(1, HTTP2Frames.postFields, ends: false) : frame }
        #expect(rounds < 2000)
        #expect(server.goAwayCode == Self.enhanceYourCalm)
    }

    @Test("rapid reset ends the connection after some hundred streams, each cancelled")
    func rapidReset() {
        let server = TestServer()
        let rounds = flood(server) { HTTP2Frames.headers(1 + 2 * $0) + HTTP2Frames.reset(1 + 2 * $0) }
        #expect(rounds < 600)
        #expect(server.goAwayCode == Self.enhanceYourCalm)
        #expect(server.inFlight == 0 && server.cancelled.count == server.requests.count)
    }

    @Test("streams that we are made to reset count like those that the client resets")
    func madeYouReset() {
        let server = TestServer()
        // A window update of zero is a stream error, and makes the server send RST_STREAM.
        let rounds = flood(server) { HTTP2Frames.headers(1 + 2 * $0) + HTTP2Frames.windowUpdate(1 + 2 * $0, 0) }
        #expect(rounds < 600)
        #expect(server.goAwayCode != nil && server.inFlight == 0)
        #expect(server.cancelled.count == server.requests.count)
    }

    @Test("streams beyond the limit are refused, and a flood of them ends the connection")
    func tooManyStreams() {
        var limits = HTTPLimits()
        limits.maxConcurrentStreams = 10
        let server = TestServer(limits: limits)
        let rounds = flood(server) { HTTP2Frames.headers(1 + 2 * $0) }
        #expect(rounds < 1000)
        #expect(server.requests.count <= 10)
        #expect(server.goAwayCode != nil)
    }

    @Test("requests that are answered earn what their control frames cost")
    func honestWork() {
        let server = TestServer.echoing()
        let rounds = flood(server, atMost: 5000) { round in
            let stream = 1 + 2 * round
            let request =
                HTTP2Frames.headers(stream, HTTP2Frames.postFields, ends: false) + HTTP2Frames.data(stream, [1, 2])
            return request + HTTP2Frames.data(stream, [], ends: true) + HTTP2Frames.windowUpdate(0, 10)
                + HTTP2Frames.windowUpdate(stream, 10) + HTTP2Frames.ping()
        }
        #expect(rounds == 5000 && server.requests.count == 5000 && server.errors.isEmpty)
    }

    @Test("time gives credit back: a PING a second is no flood")
    func slowPings() {
        let server = TestServer()
        server.receive(HTTP2Frames.start)
        for second in 0..<5000 {
            server.receive(HTTP2Frames.ping())
            _ = server.connection.enforceStreamTimeLimits(now: .seconds(second), body: .seconds(9), write: .seconds(9))
        }
        #expect(!server.isFinished && server.errors.isEmpty)
    }

    @Test("a CONTINUATION flood ends the connection while it is still small")
    func continuationFlood() {
        let server = TestServer()
        let rounds = flood(server) {
            $0 == 0
                ? HTTP2Frames.headers(1, isWhole: false) : HTTP2Frames.frame(9, stream: 1, HTTP2Frames.field("x", "y"))
        }
        #expect(rounds < 20 && server.goAwayCode != nil && server.requests.isEmpty)
    }

    @Test("an HPACK bomb ends the connection: few bytes, endless fields")
    func hpackBomb() {
        let server = TestServer()
        // A field of 4,000 bytes is put into the table once. Then one byte refers to it again and again.
        let value = [UInt8](repeating: 0x61, count: 3900)
        let literal: [UInt8] = [0x40, 1, 0x78, 0x7F, 0xBD, 0x1D] + value
        let block = HTTP2Frames.getFields + literal + [UInt8](repeating: 0xBE, count: 12_000)
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1, block))
        #expect(server.goAwayCode == Self.enhanceYourCalm && server.errors == [.http2Flood])
        #expect(server.requests.isEmpty && server.isFinished)
    }

    @Test("a head somewhat over the limit is 431 and the connection goes on")
    func largeHead() {
        let server = TestServer()
        let value = [UInt8](repeating: 0x61, count: 3900)
        let literal: [UInt8] = [0x40, 1, 0x78, 0x7F, 0xBD, 0x1D] + value
        let block = HTTP2Frames.getFields + literal + [UInt8](repeating: 0xBE, count: 20)
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1, block) + HTTP2Frames.headers(3))
        #expect(server.errors == [.headTooLarge] && server.requests.map(\.id) == [3])
    }

    @Test(
        "a violation of the protocol ends the connection with GOAWAY",
        arguments: [
            ("no SETTINGS first", HTTP2Frames.preface + HTTP2Frames.ping(), 1),
            ("DATA on stream 0", HTTP2Frames.start + HTTP2Frames.data(0, [1]), 1),
            ("DATA on an idle stream", HTTP2Frames.start + HTTP2Frames.data(1, [1]), 1),
            ("HEADERS on stream 0", HTTP2Frames.start + HTTP2Frames.headers(0), 1),
            ("PRIORITY on stream 0", HTTP2Frames.start + HTTP2Frames.frame(2, [0, 0, 0, 0, 15]), 1),
            ("HEADERS on an even stream", HTTP2Frames.start + HTTP2Frames.headers(2), 1),
            (
                "HEADERS on a lower stream that never was",
                HTTP2Frames.start + HTTP2Frames.headers(5) + HTTP2Frames.headers(3), 1
            ),
            ("RST_STREAM on an idle stream", HTTP2Frames.start + HTTP2Frames.reset(1), 1),
            ("WINDOW_UPDATE on an idle stream", HTTP2Frames.start + HTTP2Frames.windowUpdate(1, 1), 1),
            ("WINDOW_UPDATE of 0", HTTP2Frames.start + HTTP2Frames.windowUpdate(0, 0), 1),
            ("window overflow", HTTP2Frames.start + HTTP2Frames.windowUpdate(0, 0x7FFF_FFFF), 3),
            ("PING of 7 bytes", HTTP2Frames.start + HTTP2Frames.frame(6, [0, 0, 0, 0, 0, 0, 0]), 6),
            ("SETTINGS of 5 bytes", HTTP2Frames.start + HTTP2Frames.frame(4, [0, 0, 0, 0, 0]), 6),
            ("SETTINGS with a large window", HTTP2Frames.start + HTTP2Frames.setting(4, 0x8000_0000), 3),
            ("SETTINGS with a bad frame size", HTTP2Frames.start + HTTP2Frames.setting(5, 1), 1),
            ("SETTINGS with push 2", HTTP2Frames.start + HTTP2Frames.setting(2, 2), 1),
            (
                "a frame over 16,384 bytes",
                HTTP2Frames.start + HTTP2Frames.frame(0xFA, Array(repeating: 0, count: 16_385)), 6
            ),
            ("CONTINUATION alone", HTTP2Frames.start + HTTP2Frames.frame(9, flags: 4, stream: 1), 1),
            (
                "PING within a header block",
                HTTP2Frames.start + HTTP2Frames.headers(1, isWhole: false) + HTTP2Frames.ping(), 1
            ),
            ("PUSH_PROMISE from a client", HTTP2Frames.start + HTTP2Frames.frame(5, stream: 1, [0, 0, 0, 2]), 1),
            (
                "padding longer than the frame",
                HTTP2Frames.start + HTTP2Frames.frame(1, flags: 13, stream: 1, [9, 0x82]), 1
            ),
            (
                "a header block that isn't HPACK",
                HTTP2Frames.start + HTTP2Frames.headers(1, [0xFF, 0xFF, 0xFF, 0xFF]), 9
            ),
            (
                "HEADERS depending on itself",
                HTTP2Frames.start
                    + HTTP2Frames.frame(1, flags: 0x25, stream: 1, [0, 0, 0, 1, 15] + HTTP2Frames.getFields), 1
            ),
            ("DATA after END_STREAM", HTTP2Frames.start + HTTP2Frames.headers(1) + HTTP2Frames.data(1, [1]), 5),
            ("HEADERS after END_STREAM", HTTP2Frames.start + HTTP2Frames.headers(1) + HTTP2Frames.headers(1), 5),
        ] as [(String, [UInt8], UInt32)]
    )
    func connectionErrors(name: String, bytes: [UInt8], code: UInt32) {
        let server = TestServer()
        server.receive(bytes)
        #expect(server.goAwayCode == code, "\(name)")
        #expect(server.isFinished && !server.errors.isEmpty && server.inFlight == 0, "\(name)")
        #expect(server.cancelled.count == server.requests.count, "\(name)")
    }

    @Test("a frame on a stream that is closed ends the connection, unless it crossed our reset")
    func closedStream() {
        for frame in [HTTP2Frames.data(1, [1]), HTTP2Frames.headers(1)] {
            let server = TestServer.echoing()
            server.receive(HTTP2Frames.start + HTTP2Frames.headers(1))
            server.receive(frame)
            #expect(server.goAwayCode == 5)
        }
        var limits = HTTPLimits()
        limits.maxBodyBytes = 1
        let server = TestServer(limits: limits)
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1, HTTP2Frames.postFields, ends: false))
        server.receive(HTTP2Frames.data(1, [1, 2]))
        for second in 1...2 {
            _ = server.connection.enforceStreamTimeLimits(now: .seconds(second), body: .seconds(9), write: .seconds(9))
        }
        server.settle()
        #expect(server.resets == [1: 0])
        server.receive(HTTP2Frames.data(1, [1, 2]) + HTTP2Frames.headers(3))
        #expect(server.requests.map(\.id) == [3] && server.goAwayCode == nil)
    }

    @Test(
        "a malformed request is reset and never seen (RFC 9113, 8.1.1)",
        arguments: [
            ("no path", [0x82, 0x86, 0x41, 0x01, 0x61]), ("no method", [0x86, 0x84, 0x41, 0x01, 0x61]),
            ("no authority", [0x82, 0x86, 0x84]), ("two paths", HTTP2Frames.getFields + [0x84]),
            ("pseudo after regular", HTTP2Frames.field("x", "y") + HTTP2Frames.getFields),
            ("unknown pseudo", [0x82, 0x86, 0x84, 0x41, 0x01, 0x61] + HTTP2Frames.field(":x", "y")),
            ("response pseudo", [0x82, 0x86, 0x84, 0x41, 0x01, 0x61, 0x88]),
            ("capital letter", HTTP2Frames.getFields + HTTP2Frames.field("X", "y")),
            ("connection", HTTP2Frames.getFields + HTTP2Frames.field("connection", "close")),
            ("transfer-encoding", HTTP2Frames.getFields + HTTP2Frames.field("transfer-encoding", "chunked")),
            ("te gzip", HTTP2Frames.getFields + HTTP2Frames.field("te", "gzip")),
            ("line end in a value", HTTP2Frames.getFields + HTTP2Frames.field("x", "a\r\nb: c")),
            ("NUL in a value", HTTP2Frames.getFields + HTTP2Frames.field("x", "a\u{0}")),
            ("space in a name", HTTP2Frames.getFields + HTTP2Frames.field("x ", "a")),
            ("length and no body", HTTP2Frames.getFields + HTTP2Frames.field("content-length", "3")),
            (
                "two lengths",
                HTTP2Frames.getFields + HTTP2Frames.field("content-length", "0")
                    + HTTP2Frames.field("content-length", "0")
            ),
            ("signed length", HTTP2Frames.getFields + HTTP2Frames.field("content-length", "+0")),
            ("empty path", [0x82, 0x86, 0x44, 0x00, 0x41, 0x01, 0x61]),
        ] as [(String, [UInt8])]
    )
    func malformed(name: String, block: [UInt8]) {
        let server = TestServer()
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1, block) + HTTP2Frames.headers(3))
        #expect(server.resets[1] == 1, "\(name)")
        #expect(server.requests.map(\.id) == [3], "\(name)")
        #expect(!server.errors.isEmpty, "\(name)")
    }

    @Test("a body that is longer or shorter than its length is reset")
    func lengthMismatch() {
        for body in [[1, 2], [1, 2, 3, 4]] as [[UInt8]] {
            let server = TestServer()
            let block = HTTP2Frames.postFields + HTTP2Frames.field("content-length", "3")
            server.receive(
                HTTP2Frames.start + HTTP2Frames.headers(1, block, ends: false) + HTTP2Frames.data(1, body, ends: true)
            )
            #expect(server.resets == [1: 1] && server.requests.isEmpty)
            #expect(server.connection.bufferedInputBytes == 0)
        }
    }

    @Test("CONNECT is 501, here as in HTTP/1.1")
    func connect() {
        let server = TestServer()
        let block = HTTP2Frames.field(":method", "CONNECT") + HTTP2Frames.field(":authority", "a:1")
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1, block, ends: false))
        #expect(server.requests.isEmpty && server.errors == [.unsupported])
    }

    @Test("trailers end a body and are dropped")
    func trailers() {
        let server = TestServer()
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1, HTTP2Frames.postFields, ends: false))
        server.receive(HTTP2Frames.data(1, [0x61]) + HTTP2Frames.headers(1, HTTP2Frames.field("x-sum", "1")))
        #expect(server.log == ["request 1: POST|http|a|/||a"])
    }

    @Test("a preface that goes wrong behind its method ends the connection with GOAWAY; before, it is HTTP/1.1 and 400")
    func badPreface() {
        for cut in 1..<HTTP2Frames.preface.count {
            let server = TestServer()
            server.receive(Array(HTTP2Frames.preface.prefix(cut)))
            #expect(server.output.isEmpty && server.phase == .readingHead)
            server.receive("x\r\n\r\n")
            if cut < 4 {
                #expect(server.text.hasPrefix("HTTP/1.1 400 "))
            } else {
                #expect(server.goAwayCode == HTTP2Code.protocolError.rawValue, "\(cut): \(server.text)")
            }
            #expect(server.isFinished && server.requests.isEmpty)
        }
    }

    @Test("a preface that stops behind its method ends with GOAWAY when its time is up, before with 408")
    func stoppedPreface() {
        for (cut, isHTTP2) in [(3, false), (4, true), (20, true)] {
            let server = TestServer()
            server.receive(Array(HTTP2Frames.preface.prefix(cut)))
            server.connection.phaseTimedOut()
            server.settle()
            #expect(server.text.hasPrefix("HTTP/1.1 408 ") != isHTTP2)
            #expect((server.goAwayCode == HTTP2Code.protocolError.rawValue) == isHTTP2)
            #expect(server.isFinished)
        }
    }

    @Test(
        "a first line that is a request line of no HTTP/1.x is an invalid preface: GOAWAY, and nothing else",
        arguments: ["INVALID CONNECTION PREFACE", "hello there world", "A B C"]
    )
    func foreignLine(line: String) {
        let server = TestServer()
        server.receive(line + "\r\n\r\n")
        #expect(server.goAwayCode == HTTP2Code.protocolError.rawValue)
        #expect(server.isFinished && server.requests.isEmpty && server.errors == [.requestLine])
        #expect(!server.text.contains("HTTP/1.1"))
    }

    @Test(
        "a first line with one part of HTTP/1.x, and such a line behind a request, is answered in HTTP/1.1",
        arguments: [
            "GET CONNECTION PREFACE", "INVALID / PREFACE", "INVALID CONNECTION HTTP/1.1", "INVALID CONNECTION http/1.1",
            "INVALID * PREFACE", "hello", "hello world", "a b c d", "INVALID  PREFACE", "A b:c D",
        ]
    )
    func ownLine(line: String) {
        let server = TestServer()
        server.receive(line + "\r\n\r\n")
        #expect(server.text.hasPrefix("HTTP/1.1 400 ") && server.isFinished, "\(line): \(server.text)")
        let used = TestServer.echoing()
        used.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\nINVALID CONNECTION PREFACE\r\n\r\n")
        #expect(used.text.contains("HTTP/1.1 400 "))
    }

    @Test("mutated sessions never trap, never grow, and leave nothing in work", arguments: 0..<30)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words = [
            HTTP2Frames.ping(), HTTP2Frames.settings, HTTP2Frames.reset(3), HTTP2Frames.windowUpdate(1, 1000),
            HTTP2Frames.headers(9), HTTP2Frames.data(5, [1, 2, 3]), HTTP2Frames.frame(7, [0, 0, 0, 0, 0, 0, 0, 0]),
        ]
        var session = HTTP2Frames.start + HTTP2Frames.setting(4, 5) + HTTP2Frames.headers(1)
        session +=
            HTTP2Frames.headers(3, HTTP2Frames.postFields, ends: false)
            + HTTP2Frames.data(3, Array(repeating: 7, count: 50))
        session += HTTP2Frames.headers(
            5,
            HTTP2Frames.postFields + HTTP2Frames.field("x", "y"),
            ends: false,
            isWhole: false
        )
        session +=
            HTTP2Frames.frame(9, flags: 4, stream: 5, HTTP2Frames.field("y", "z"))
            + HTTP2Frames.data(3, [1], ends: true)
        session += HTTP2Frames.windowUpdate(1, 100) + HTTP2Frames.ping() + HTTP2Frames.reset(5) + HTTP2Frames.headers(7)
        for round in 0..<60 {
            let bytes = mutated(session, using: &generator, dictionary: words)
            let server = round % 2 == 0 ? TestServer.echoing() : TestServer()
            for piece in pieces(of: bytes, using: &generator) { server.receive(piece) }
            _ = server.connection.enforceStreamTimeLimits(now: .seconds(1), body: .zero, write: .zero)
            server.settle()
            server.connection.drain()
            server.settle()
            server.receiveEndOfInput()
            #expect(server.isFinished && server.inFlight == 0, "\(bytes)")
            #expect(server.output.count < 16_384 && server.requests.count < 20, "\(bytes)")
            #expect(server.connection.bufferedInputBytes == 0 && server.connection.bufferedOutputBytes == 0, "\(bytes)")
        }
    }
}
