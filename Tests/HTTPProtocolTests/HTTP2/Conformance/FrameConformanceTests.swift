import HTTPProtocol
import Testing

/// Frames and streams: RFC 9113, 4 to 6, clause by clause, as an external conformance suite would test them.
@Suite("HTTP/2 frames and streams are held to RFC 9113, 4 to 6")
struct FrameConformanceTests {
    private typealias H = HTTP2Frames

    private static let zeros8 = [UInt8](repeating: 0, count: 8)
    private static let post = H.headers(1, H.postFields, ends: false)
    private static let get = H.headers(1)

    @Test("frame format and size (4)", arguments: formatCases)
    func format(conformance: HTTP2Case) { conformance.check() }

    private static let formatCases: [HTTP2Case] = [
        HTTP2Case("4.1 a frame of unknown type is ignored", .served(1), H.frame(0x16, flags: 0xFF, [1, 2, 3]), get),
        HTTP2Case("4.1 undefined flags are ignored", .served(1), H.frame(6, flags: 0x16, zeros8), get),
        HTTP2Case("4.1 the reserved bit of a PING is ignored", .served(0), H.frame(6, stream: 0x8000_0000, zeros8)),
        HTTP2Case(
            "4.1 the reserved bit of a request is ignored",
            .served(1),
            H.frame(1, flags: 5, stream: 0x8000_0001, H.getFields)
        ),
        HTTP2Case(
            "4.2 DATA of 16,384 bytes is taken",
            .served(1),
            post,
            H.data(1, [UInt8](repeating: 0, count: 16_384), ends: true)
        ),
        HTTP2Case(
            "4.2 larger DATA",
            .connectionError(.frameSize),
            post,
            H.data(1, [UInt8](repeating: 0, count: 16_385))
        ),
        HTTP2Case(
            "4.2 a larger header block",
            .connectionError(.frameSize),
            H.headers(1, H.getFields + [UInt8](repeating: 0, count: 16_380))
        ),
        HTTP2Case(
            "4.2 a larger frame of unknown type",
            .connectionError(.frameSize),
            H.frame(0xEE, [UInt8](repeating: 0, count: 16_385))
        ),
        HTTP2Case("4.3 a block that is not HPACK", .connectionError(.compression), H.headers(1, [0xFF, 0xFF, 0xFF])),
        HTTP2Case(
            "4.3 PRIORITY within a header block",
            .connectionError(.protocolError),
            H.headers(1, isWhole: false),
            H.frame(2, stream: 1, [0, 0, 0, 0, 15])
        ),
        HTTP2Case(
            "4.3 HEADERS of another stream within a header block",
            .connectionError(.protocolError),
            H.headers(1, isWhole: false),
            H.headers(3)
        ),
        HTTP2Case(
            "5.5 a frame of unknown type within a header block",
            .connectionError(.protocolError),
            H.headers(1, isWhole: false),
            H.frame(0x16, stream: 1, [0])
        ),
        HTTP2Case(
            "5.5 a frame of unknown type on a stream",
            .served(1),
            post,
            H.frame(0x20, stream: 1),
            H.data(1, ends: true)
        ),
    ]

    @Test("stream states (5.1)", arguments: statesCases)
    func states(conformance: HTTP2Case) { conformance.check() }

    private static let statesCases: [HTTP2Case] = [
        HTTP2Case("5.1 DATA on an idle stream", .connectionError(.protocolError), H.data(1, [0], ends: true)),
        HTTP2Case("5.1 RST_STREAM on an idle stream", .connectionError(.protocolError), H.reset(1)),
        HTTP2Case("5.1 WINDOW_UPDATE on an idle stream", .connectionError(.protocolError), H.windowUpdate(1, 100)),
        HTTP2Case(
            "5.1 CONTINUATION on an idle stream",
            .connectionError(.protocolError),
            H.frame(9, flags: 4, stream: 1)
        ),
        HTTP2Case("5.1 PRIORITY on an idle stream", .served(1), H.frame(2, stream: 1, [0, 0, 0, 0, 15]), get),
        HTTP2Case("5.1 DATA on a half-closed stream", .connectionError(.streamClosed), get, H.data(1, [0], ends: true)),
        HTTP2Case("5.1 HEADERS on a half-closed stream", .connectionError(.streamClosed), get, get),
        HTTP2Case(
            "5.1 CONTINUATION on a half-closed stream",
            .connectionError(.streamClosed, .protocolError),
            get,
            H.frame(9, flags: 4, stream: 1)
        ),
        HTTP2Case(
            "5.1 WINDOW_UPDATE and PRIORITY on a half-closed stream",
            .served(1),
            get,
            H.windowUpdate(1, 5),
            H.frame(2, stream: 1, [0, 0, 0, 0, 15])
        ),
        HTTP2Case(
            "5.1 DATA after the client's own reset",
            .connectionError(.streamClosed),
            post,
            H.reset(1),
            H.data(1, [0])
        ),
        HTTP2Case("5.1 HEADERS after the client's own reset", .connectionError(.streamClosed), post, H.reset(1), get),
        HTTP2Case(
            "5.1 CONTINUATION after the client's own reset",
            .connectionError(.streamClosed, .protocolError),
            post,
            H.reset(1),
            H.frame(9, flags: 4, stream: 1)
        ),
        HTTP2Case("5.1 DATA on a closed stream", .connectionError(.streamClosed), answers: true, get, H.data(1, [0])),
        HTTP2Case("5.1 HEADERS on a closed stream", .connectionError(.streamClosed), answers: true, get, get),
        HTTP2Case(
            "5.1 CONTINUATION on a closed stream",
            .connectionError(.streamClosed, .protocolError),
            answers: true,
            get,
            H.frame(9, flags: 4, stream: 1)
        ),
        HTTP2Case(
            "5.1 what may cross the end of a stream",
            .served(1),
            answers: true,
            get,
            H.windowUpdate(1, 5),
            H.reset(1),
            H.frame(2, stream: 1, [0, 0, 0, 0, 15])
        ),
        HTTP2Case("5.1.1 an even stream", .connectionError(.protocolError), H.headers(2)),
        HTTP2Case("5.1.1 a stream lower than the last", .connectionError(.protocolError), H.headers(5), H.headers(3)),
        HTTP2Case(
            "5.1.1 DATA on a stream that was passed over",
            .connectionError(.streamClosed, .protocolError),
            H.headers(5),
            H.data(3, [0])
        ),
        HTTP2Case(
            "5.3 HEADERS that depend on their own stream",
            .connectionError(.protocolError),
            H.frame(1, flags: 0x25, stream: 1, [0, 0, 0, 1, 15] + H.getFields)
        ),
        HTTP2Case(
            "5.3 PRIORITY that depends on its own stream",
            .streamError(.protocolError),
            post,
            H.frame(2, stream: 1, [0, 0, 0, 1, 15])
        ),
    ]

    @Test("DATA, HEADERS, PRIORITY, RST_STREAM (6.1 to 6.4)", arguments: streamFramesCases)
    func streamFrames(conformance: HTTP2Case) { conformance.check() }

    private static let streamFramesCases: [HTTP2Case] = [
        HTTP2Case("6.1 DATA on stream 0", .connectionError(.protocolError), H.data(0, [0])),
        HTTP2Case("6.1 padded DATA", .served(1), post, H.frame(0, flags: 9, stream: 1, [3, 0x61, 0, 0, 0])),
        HTTP2Case("6.1 DATA of padding alone", .served(1), post, H.frame(0, flags: 9, stream: 1, [2, 0, 0])),
        HTTP2Case(
            "6.1 padding as long as the payload",
            .connectionError(.protocolError),
            post,
            H.frame(0, flags: 9, stream: 1, [3, 0, 0])
        ),
        HTTP2Case(
            "6.1 padded DATA without a length",
            .connectionError(.protocolError, .frameSize),
            post,
            H.frame(0, flags: 9, stream: 1)
        ),
        HTTP2Case("6.1 DATA before its window", .served(1), post, H.data(1), H.data(1, ends: true)),
        HTTP2Case("6.2 HEADERS on stream 0", .connectionError(.protocolError), H.headers(0)),
        HTTP2Case(
            "6.2 padded HEADERS with a priority",
            .served(1),
            H.frame(1, flags: 0x2D, stream: 1, [2, 0, 0, 0, 0, 15] + H.getFields + [0, 0])
        ),
        HTTP2Case(
            "6.2 padding longer than the block",
            .connectionError(.protocolError),
            H.frame(1, flags: 0x0D, stream: 1, [9] + H.getFields)
        ),
        HTTP2Case(
            "6.2 a priority that is cut",
            .connectionError(.protocolError, .frameSize),
            H.frame(1, flags: 0x25, stream: 1, [0, 0, 0])
        ),
        HTTP2Case("6.3 PRIORITY on stream 0", .connectionError(.protocolError), H.frame(2, [0, 0, 0, 0, 15])),
        HTTP2Case("6.3 PRIORITY of 4 bytes", .connectionError(.frameSize), post, H.frame(2, stream: 1, [0, 0, 0, 0])),
        HTTP2Case("6.4 RST_STREAM on stream 0", .connectionError(.protocolError), H.reset(0)),
        HTTP2Case("6.4 RST_STREAM of 3 bytes", .connectionError(.frameSize), post, H.frame(3, stream: 1, [0, 0, 0])),
        HTTP2Case("6.4 RST_STREAM with a code that nobody knows", .served(1), get, H.reset(1, code: 0xFFFF_FFFF)),
    ]

    @Test("SETTINGS, PUSH_PROMISE, PING, GOAWAY (6.5 to 6.8)", arguments: connectionFramesCases)
    func connectionFrames(conformance: HTTP2Case) { conformance.check() }

    private static let connectionFramesCases: [HTTP2Case] = [
        HTTP2Case(
            "6.5 an acknowledgement with a payload",
            .connectionError(.frameSize),
            H.frame(4, flags: 1, [0, 0, 0, 0, 0, 0])
        ),
        HTTP2Case("6.5 SETTINGS on a stream", .connectionError(.protocolError), H.frame(4, stream: 1, [])),
        HTTP2Case("6.5 SETTINGS of 3 bytes", .connectionError(.frameSize), H.frame(4, [0, 3, 0])),
        HTTP2Case("6.5.2 ENABLE_PUSH of 0", .served(1), H.setting(2, 0), get),
        HTTP2Case("6.5.2 ENABLE_PUSH of 2", .connectionError(.protocolError), H.setting(2, 2)),
        HTTP2Case("6.5.2 INITIAL_WINDOW_SIZE of 2^31", .connectionError(.flowControl), H.setting(4, 0x8000_0000)),
        HTTP2Case("6.5.2 INITIAL_WINDOW_SIZE of 2^31 - 1", .served(1), H.setting(4, 0x7FFF_FFFF), get),
        HTTP2Case("6.5.2 MAX_FRAME_SIZE of 16,383", .connectionError(.protocolError), H.setting(5, 16_383)),
        HTTP2Case("6.5.2 MAX_FRAME_SIZE of 2^24", .connectionError(.protocolError), H.setting(5, 16_777_216)),
        HTTP2Case(
            "6.5.2 MAX_FRAME_SIZE at either end",
            .served(1),
            H.setting(5, 16_384),
            H.setting(5, 16_777_215),
            get
        ),
        HTTP2Case(
            "6.5.2 any HEADER_TABLE_SIZE",
            .served(1),
            answers: true,
            H.setting(1, 0),
            H.setting(1, 0xFFFF_FFFF),
            get
        ),
        HTTP2Case("6.5.2 an unknown setting", .served(1), H.setting(0xFF, 1), get),
        HTTP2Case("6.5.2 ENABLE_CONNECT_PROTOCOL from a client", .served(1), H.setting(8, 1), get),
        HTTP2Case(
            "6.6 PUSH_PROMISE",
            .connectionError(.protocolError),
            post,
            H.frame(5, flags: 4, stream: 1, [0, 0, 0, 2])
        ),
        HTTP2Case("6.7 an acknowledgement that nobody asked for", .served(0), H.ping(isAcknowledgement: true)),
        HTTP2Case("6.7 PING on a stream", .connectionError(.protocolError), post, H.frame(6, stream: 1, zeros8)),
        HTTP2Case("6.7 PING of 6 bytes", .connectionError(.frameSize), H.frame(6, [0, 0, 0, 0, 0, 0])),
        HTTP2Case("6.8 GOAWAY on a stream", .connectionError(.protocolError), post, H.frame(7, stream: 1, zeros8)),
        HTTP2Case("6.8 GOAWAY of 4 bytes", .connectionError(.frameSize), H.frame(7, [0, 0, 0, 0])),
    ]

    @Test("WINDOW_UPDATE and CONTINUATION (6.9 and 6.10)", arguments: windowsAndContinuationsCases)
    func windowsAndContinuations(conformance: HTTP2Case) { conformance.check() }

    private static let windowsAndContinuationsCases: [HTTP2Case] = [
        HTTP2Case("6.9 WINDOW_UPDATE of 0", .connectionError(.protocolError), H.windowUpdate(0, 0)),
        HTTP2Case("6.9 WINDOW_UPDATE of 0 on a stream", .connectionError(.protocolError), post, H.windowUpdate(1, 0)),
        HTTP2Case("6.9 WINDOW_UPDATE of 3 bytes", .connectionError(.frameSize), H.frame(8, [0, 0, 1])),
        HTTP2Case("6.9 the reserved bit is ignored", .served(1), get, H.windowUpdate(0, 0x8000_0001)),
        HTTP2Case(
            "6.9.1 the connection's window beyond 2^31 - 1",
            .connectionError(.flowControl),
            H.windowUpdate(0, 0x7FFF_FFFF)
        ),
        HTTP2Case(
            "6.9.1 a stream's window beyond 2^31 - 1",
            .streamError(.flowControl),
            get,
            H.windowUpdate(1, 0x7FFF_FFFF)
        ),
        HTTP2Case(
            "6.9.2 SETTINGS that lift a stream's window beyond 2^31 - 1",
            .connectionError(.flowControl),
            post,
            H.windowUpdate(1, 1),
            H.setting(4, 0x7FFF_FFFF)
        ),
        HTTP2Case(
            "6.10 a block in three frames",
            .served(1),
            H.headers(1, [0x82], isWhole: false),
            H.frame(9, stream: 1, [0x86, 0x84]),
            H.frame(9, flags: 4, stream: 1, [0x41, 0x01, 0x61])
        ),
        HTTP2Case(
            "6.10 CONTINUATION on stream 0",
            .connectionError(.protocolError),
            H.headers(1, isWhole: false),
            H.frame(9, flags: 4, stream: 0)
        ),
        HTTP2Case(
            "6.10 CONTINUATION of another stream",
            .connectionError(.protocolError),
            H.headers(1, isWhole: false),
            H.frame(9, flags: 4, stream: 3)
        ),
        HTTP2Case(
            "6.10 CONTINUATION behind a block that is whole",
            .connectionError(.protocolError),
            post,
            H.frame(9, flags: 4, stream: 1)
        ),
        HTTP2Case(
            "6.10 CONTINUATION behind the last one",
            .connectionError(.protocolError),
            H.headers(1, ends: false, isWhole: false),
            H.frame(9, flags: 4, stream: 1),
            H.frame(9, flags: 4, stream: 1)
        ),
        HTTP2Case(
            "6.10 CONTINUATION behind DATA",
            .connectionError(.protocolError),
            post,
            H.data(1, [0]),
            H.frame(9, flags: 4, stream: 1)
        ),
        HTTP2Case(
            "6.10 DATA within a header block",
            .connectionError(.protocolError),
            H.headers(1, ends: false, isWhole: false),
            H.data(1, [0])
        ),
    ]

    @Test("only a SETTINGS frame can come first (3.4)")
    func firstFrame() {
        for first in [H.ping(), H.headers(1), H.frame(4, flags: 1), H.windowUpdate(0, 1), H.frame(0x16, [0])] {
            let server = TestServer()
            server.receive(H.preface + first)
            #expect(server.goAwayCode == 1 && server.isFinished, "\(first)")
        }
    }

    @Test("our SETTINGS frame is the first that we send, and each of the client's is acknowledged (3.4, 6.5.3)")
    func settings() {
        let server = TestServer()
        server.receive(H.start + H.setting(4, 100) + H.setting(4, 1))
        #expect(server.frames.first.map { $0.type == 4 && $0.flags == 0 } == true)
        #expect(server.frames.count { $0.type == 4 && $0.flags == 1 && $0.payload.isEmpty } == 3)
    }

    @Test("the answer to a PING has its bytes (6.7)")
    func pong() {
        let server = TestServer()
        server.receive(H.start + H.frame(6, [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(
            server.frames.contains(HTTP2Frames.Frame(type: 6, flags: 1, stream: 0, payload: [1, 2, 3, 4, 5, 6, 7, 8]))
        )
    }

    @Test("DATA keeps to windows, which the settings move below zero and back (6.9.1, 6.9.2)")
    func windows() {
        let server = TestServer { _, id, server in server.respond(200, body: [1, 2, 3, 4, 5], to: id) }
        func sent() -> Int { server.frames.reduce(0) { $0 + ($1.type == 0 ? $1.payload.count : 0) } }
        server.receive(H.start + H.setting(4, 3) + H.headers(1))
        #expect(sent() == 3)
        // The window was 3, 3 bytes were sent, and the setting took 2 away: it is -2, so 2 more bring it only to 0.
        server.receive(H.setting(4, 1) + H.windowUpdate(1, 2))
        #expect(sent() == 3)
        server.receive(H.windowUpdate(1, 1))
        #expect(sent() == 4)
        server.receive(H.setting(4, 2))
        #expect(sent() == 5 && server.inFlight == 0)
    }

    @Test("more DATA than a window gave is an error of flow control (6.9.1)")
    func windowExceeded() {
        var limits = HTTPLimits()
        limits.maxBodyBytes = 10
        let server = TestServer(limits: limits)
        server.receive(H.start + Self.post)
        // The stream is refused at the first frame, and from then on it gets no window back.
        for _ in 0..<5 { server.receive(H.data(1, [UInt8](repeating: 0, count: 16_384))) }
        #expect(
            server.goAwayCode == HTTP2Code.flowControl.rawValue || server.resets[1] == HTTP2Code.flowControl.rawValue
        )
    }

    @Test(
        "streams beyond the limit are reset alone, before and after our SETTINGS are acknowledged (5.1.2)",
        arguments: [false, true]
    )
    func streamsBeyondTheLimit(isAcknowledged: Bool) {
        var limits = HTTPLimits()
        limits.maxConcurrentStreams = 3
        let server = TestServer(limits: limits)
        server.receive(H.start)
        if isAcknowledged {
            for _ in 0..<server.frames.count(where: { $0.type == 4 && $0.flags == 0 }) {
                server.receive(H.frame(4, flags: 1))
            }
        }
        for stream in [1, 3, 5, 7, 9] as [UInt32] { server.receive(H.headers(stream)) }
        #expect(server.requests.map(\.id) == [1, 3, 5])
        #expect(server.resets == [7: HTTP2Code.refusedStream.rawValue, 9: HTTP2Code.refusedStream.rawValue])
        #expect(server.cancelled.isEmpty && server.goAwayCode == nil)
        server.respond(200, to: 1)
        server.settle()
        server.receive(H.headers(11))
        #expect(server.requests.last?.id == 11)
    }
}
