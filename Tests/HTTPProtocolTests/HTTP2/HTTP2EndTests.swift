import HTTPProtocol
import HTTPTypes
import Testing

@Suite("HTTP/2 resets, time and ends (RFC 9113, 5.4, 6.4 and 6.8)")
struct HTTP2EndTests {
    @Test("a client's reset cancels its request, and answers to it are ignored")
    func reset() {
        let client = HTTP2Client(TestServer())
        let id = client.request()
        client.exchange()
        client.reset(id)
        client.exchange()
        #expect(client.server.cancelled == [id] && client.server.inFlight == 0)
        client.server.respond(200, body: [1], to: id)
        client.server.connection.appendBody([1], isComplete: true, to: id)
        client.server.connection.abort(id)
        client.exchange()
        #expect(client.answers[id]?.status == "" || client.answers[id]?.status == nil)
        #expect(client.server.phase == .idle && client.server.connection.bufferedOutputBytes == 0)
    }

    @Test("a reset while the body comes or the answer streams leaves nothing behind")
    func resetMidway() {
        let client = HTTP2Client(TestServer(), initialWindow: 10)
        let uploading = client.request("POST", body: Array(repeating: 1, count: 5000), endsBody: false)
        client.exchange()
        #expect(client.server.phase == .readingBody && client.server.connection.bufferedInputBytes == 5000)
        client.reset(uploading)
        client.exchange()
        #expect(client.server.connection.bufferedInputBytes == 0 && client.server.cancelled.isEmpty)
        let answered = client.request()
        client.exchange()
        client.server.respond(200, body: Array(repeating: 1, count: 5000), isComplete: false, to: answered)
        client.server.settle(takesOutput: false)
        client.reset(answered)
        client.exchange()
        #expect(client.server.connection.bufferedOutputBytes == 0 && client.server.cancelled == [answered])
    }

    @Test("an answer that is given up is a reset, and the connection goes on")
    func abort() {
        let client = HTTP2Client(TestServer())
        let id = client.request()
        client.exchange()
        client.server.respond(200, body: [1], isComplete: false, to: id)
        client.exchange()
        client.server.connection.abort(id)
        client.exchange()
        #expect(client.answers[id]?.closeCode == 2)
        #expect(client.server.cancelled.isEmpty && client.server.phase == .idle)
    }

    @Test("draining is announced, then final at the PING's answer; requests in work are answered")
    func drain() {
        let client = HTTP2Client(TestServer())
        let id = client.request()
        client.exchange()
        client.server.connection.drain()
        client.exchange()
        #expect(client.goAways.map(\.last) == [Int32.max, id])
        #expect(client.goAways.allSatisfy { $0.code == 0 })
        #expect(!client.server.isFinished)
        client.server.respond(200, to: id)
        client.exchange()
        #expect(client.answers[id]?.status == "200" && client.server.isFinished)
    }

    @Test("a request that was on its way when draining began is still answered")
    func drainRace() {
        let server = TestServer.echoing()
        server.receive(HTTP2Frames.start)
        server.connection.drain()
        server.settle()
        server.receive(HTTP2Frames.headers(1))
        #expect(server.requests.count == 1)
        server.receive(HTTP2Frames.ping(isAcknowledgement: true))
        #expect(server.isFinished && server.frames.contains { $0.type == 1 && $0.stream == 1 })
    }

    @Test("the connection of a silent client ends at the second step, or when the time for closing has passed")
    func drainSilent() {
        let second = TestServer()
        second.receive(HTTP2Frames.start)
        second.connection.drain()
        second.settle()
        #expect(!second.isFinished && second.phase == .closing)
        second.connection.drain()
        second.settle()
        #expect(second.isFinished)
        let timed = TestServer()
        timed.receive(HTTP2Frames.start)
        timed.connection.drain()
        timed.settle()
        timed.connection.phaseTimedOut()
        timed.settle()
        #expect(timed.isFinished)
    }

    @Test("after a FIN everything in work is cancelled")
    func endOfInput() {
        let client = HTTP2Client(TestServer())
        let ids = [client.request(), client.request()]
        client.exchange()
        client.server.receiveEndOfInput()
        #expect(client.server.cancelled == ids && client.server.isFinished && !client.server.wantsInput)
    }

    @Test("a client's GOAWAY lets its requests be answered, then the connection is over")
    func clientGoAway() {
        let server = TestServer()
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1) + HTTP2Frames.frame(7, [0, 0, 0, 0, 0, 0, 0, 0]))
        #expect(!server.isFinished && server.inFlight == 1)
        server.respond(200, to: 1)
        server.settle()
        #expect(server.isFinished && server.frames.contains { $0.type == 1 })
    }

    @Test("a connection that does nothing in its time is ended with GOAWAY")
    func idleTimeout() {
        for start in [
            HTTP2Frames.start, HTTP2Frames.preface, HTTP2Frames.start + HTTP2Frames.headers(1, isWhole: false),
        ] {
            let server = TestServer()
            server.receive(start)
            server.connection.phaseTimedOut()
            server.settle()
            #expect(server.isFinished && server.goAwayCode == 0)
        }
    }

    @Test("the phases of a connection follow its streams; PING changes neither phase nor epoch")
    func phases() {
        let server = TestServer()
        server.receive(HTTP2Frames.preface)
        #expect(server.phase == .readingHead)
        server.receive(HTTP2Frames.settings)
        #expect(server.phase == .idle)
        let idle = server.epoch
        server.receive(HTTP2Frames.ping() + HTTP2Frames.windowUpdate(0, 10))
        #expect(server.phase == .idle && server.epoch == idle)
        server.receive(HTTP2Frames.headers(1, HTTP2Frames.postFields, ends: false, isWhole: false))
        #expect(server.phase == .readingHead && server.epoch != idle)
        server.receive(HTTP2Frames.frame(9, flags: 4, stream: 1))
        #expect(server.phase == .readingBody)
        let reading = server.epoch
        server.receive(HTTP2Frames.data(1, [1]) + HTTP2Frames.ping())
        #expect(server.phase == .readingBody && server.epoch == reading)
        server.receive(HTTP2Frames.data(1, [1], ends: true))
        #expect(server.phase == .awaitingResponse && server.epoch != reading)
    }

    @Test("a body that drips is answered with 408, however busy the connection is")
    func drippingBody() {
        let server = TestServer()
        server.receive(HTTP2Frames.start + HTTP2Frames.headers(1, HTTP2Frames.postFields, ends: false))
        for second in 0...32 {
            server.receive(HTTP2Frames.data(1, [1]) + HTTP2Frames.ping())
            let stream = UInt32(3 + 2 * second)
            server.receive(HTTP2Frames.headers(stream))
            server.respond(200, to: StreamID(stream))
            let ended = server.connection.enforceStreamTimeLimits(
                now: .seconds(second),
                body: .seconds(30),
                write: .seconds(30)
            )
            server.settle()
            #expect(ended == (second == 30 ? 1 : 0))
        }
        #expect(server.frames.contains { $0.type == 1 && $0.stream == 1 })
        #expect(server.errors == [.timeout] && server.resets == [1: 0])
    }

    @Test("an answer whose window stays shut is reset, while others go on")
    func zeroWindow() {
        let server = TestServer()
        server.receive(HTTP2Frames.start + HTTP2Frames.setting(4, 0) + HTTP2Frames.headers(1))
        server.respond(200, body: Array(repeating: 1, count: 100), to: 1)
        server.settle()
        #expect(server.phase == .writing && !server.hasOutput)
        for second in 0...30 {
            let stream = UInt32(3 + 2 * second)
            server.receive(HTTP2Frames.headers(stream) + HTTP2Frames.windowUpdate(stream, 10))
            server.respond(200, body: [1, 2, 3], to: StreamID(stream))
            server.settle()
            let ended = server.connection.enforceStreamTimeLimits(
                now: .seconds(second),
                body: .seconds(30),
                write: .seconds(30)
            )
            server.settle()
            #expect(ended == (second == 30 ? 1 : 0))
        }
        #expect(server.cancelled == [1] && server.resets == [1: 8])
        #expect(server.connection.bufferedOutputBytes == 0 && server.phase == .idle)
    }

    @Test("a streamed answer of which only the end is left, for which there is no window, is reset as well")
    func zeroWindowAtTheEnd() {
        let server = TestServer()
        server.receive(HTTP2Frames.start + HTTP2Frames.setting(4, 3) + HTTP2Frames.headers(1))
        server.respond(200, body: [1, 2, 3], isComplete: false, to: 1)
        server.settle()
        server.connection.appendBody([], isComplete: true, to: 1)
        server.settle()
        #expect(server.connection.bufferedOutputBytes == 0 && server.inFlight == 1)
        for second in 0...30 {
            _ = server.connection.enforceStreamTimeLimits(
                now: .seconds(second),
                body: .seconds(30),
                write: .seconds(30)
            )
            server.settle()
        }
        #expect(server.resets == [1: 8] && server.inFlight == 0 && server.phase == .idle)
    }

    @Test("an answer is not stalled if the client takes some of it now and then")
    func slowWindow() {
        let server = TestServer()
        server.receive(HTTP2Frames.start + HTTP2Frames.setting(4, 0) + HTTP2Frames.headers(1))
        server.respond(200, body: Array(repeating: 1, count: 10), to: 1)
        for second in stride(from: 0, to: 200, by: 20) {
            server.receive(HTTP2Frames.windowUpdate(1, 1))
            let ended = server.connection.enforceStreamTimeLimits(
                now: .seconds(second),
                body: .seconds(30),
                write: .seconds(30)
            )
            #expect(ended == 0)
        }
        server.settle()
        #expect(server.inFlight == 0 && server.cancelled.isEmpty)
    }
}
