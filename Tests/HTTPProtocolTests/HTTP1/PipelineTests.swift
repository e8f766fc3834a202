import HTTPProtocol
import HTTPTypes
import Testing

@Suite("HTTP/1.1 pipelines, phases and ends (RFC 9112, 9)")
struct PipelineTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("one request is in work at a time, and answers keep the requests' order")
    func order() {
        let server = TestServer()
        server.receive((0..<5).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for number in 1...5 {
            #expect(server.requests.count == number && server.inFlight == 1)
            server.respond(200, body: Array("\(number);".utf8), to: StreamID(number))
            server.settle()
        }
        #expect(server.requests.compactMap(\.request.head.path) == ["/0", "/1", "/2", "/3", "/4"])
        #expect(server.text.filter { $0.isNumber || $0 == ";" }.hasSuffix("5;"))
        #expect(server.inFlight == 0)
    }

    @Test("a pipeline of 10,000 requests is answered whole")
    func longPipeline() {
        let server = TestServer.echoing()
        var rest = Array(String(repeating: Self.get, count: 10_000).utf8)[...]
        while !rest.isEmpty {
            #expect(server.wantsInput)
            server.receive(Array(rest.prefix(4096)))
            rest = rest.dropFirst(4096)
        }
        #expect(server.requests.count == 10_000)
        #expect(server.phase == .idle)
    }

    @Test("while the answers are not taken, no further request is begun and no more bytes are read")
    func backPressure() {
        var limits = HTTPLimits()
        limits.responseLowWaterBytes = 1000
        limits.maxPipelinedBytes = 2000
        let server = TestServer(limits: limits)
        let piece = Array(String(repeating: Self.get, count: 10).utf8)
        var answered: StreamID = 0
        var read = 0
        while server.wantsInput, read < 1_000_000 {
            server.connection.receive(piece.span)
            read += piece.count
            server.settle(takesOutput: false)
            while answered < StreamID(server.requests.count) {
                answered += 1
                server.respond(200, body: Array(repeating: 0x61, count: 100), to: answered)
                server.settle(takesOutput: false)
            }
        }
        #expect(read < 4000)
        #expect(server.connection.bufferedOutputBytes < 1200)
        #expect(server.connection.bufferedInputBytes < 2500)
        #expect(server.phase == .writing)
    }

    @Test("the capacity event of a streamed answer comes once its bytes are taken")
    func room() {
        var limits = HTTPLimits()
        limits.responseLowWaterBytes = 1000
        let server = TestServer(limits: limits)
        server.receive(Self.get)
        server.respond(200, body: Array(repeating: 0x61, count: 5000), isComplete: false, to: 1)
        server.settle(takesOutput: false)
        #expect(server.rooms.isEmpty)
        while server.rooms.isEmpty, server.hasOutput {
            _ = server.connection.takeOutput(atMost: 100)
            server.settle(takesOutput: false)
        }
        #expect(server.rooms == [1])
        #expect(server.connection.bufferedOutputBytes >= 900)
    }

    @Test("the phases follow a request, and the epoch tells one from the next")
    func phases() {
        let server = TestServer()
        var epochs = [server.epoch]
        func expect(_ phase: ConnectionPhase, _ text: String) {
            server.connection.receive(Array(text.utf8).span)
            server.settle(takesOutput: false)
            #expect(server.phase == phase)
            epochs.append(server.epoch)
        }
        #expect(server.phase == .idle)
        expect(.readingHead, "POST / HT")
        expect(.readingHead, "TP/1.1\r\nHost: a\r\n")
        expect(.readingBody, "Content-Length: 2\r\n\r\n")
        expect(.readingBody, "a")
        expect(.awaitingResponse, "bGET / HTTP/1.1\r\n")
        server.respond(200, to: 1)
        #expect(server.phase == .writing)
        server.settle()
        #expect(server.phase == .readingHead)
        // Bytes alone do not begin a phase; each new part of a request does.
        #expect(epochs[3] == epochs[4] && epochs[2] != epochs[3] && epochs[4] != epochs[5])
        #expect(server.epoch != epochs[5])
    }

    @Test("a time-out is answered with 408 if a request is incomplete; otherwise the connection just ends")
    func timeouts() {
        for start in ["GET", "GET / HTTP/1.1\r\nX: y", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"] {
            let server = TestServer()
            server.receive(start)
            server.connection.phaseTimedOut()
            server.settle(takesOutput: false)
            #expect(server.phase == .closing && server.errors == [.timeout])
            server.settle()
            #expect(server.text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            #expect(server.isFinished)
        }
        for start in ["", Self.get, "\r\n"] {
            let server = TestServer()
            server.receive(start)
            server.connection.phaseTimedOut()
            server.settle()
            #expect(server.text.isEmpty && server.isFinished && server.phase == .closing)
        }
        let slowReader = TestServer()
        slowReader.receive(Self.get)
        slowReader.respond(200, body: [1, 2, 3], to: 1)
        slowReader.connection.phaseTimedOut()
        #expect(slowReader.isFinished)
    }

    @Test("draining ends an idle connection at the second step and one at work after its answer")
    func drain() {
        let idle = TestServer()
        idle.connection.drain()
        #expect(!idle.isFinished)
        idle.connection.drain()
        #expect(idle.isFinished)

        let late = TestServer.echoing()
        late.connection.drain()
        late.receive(Self.get)
        #expect(late.text.contains("200 OK") && late.text.contains("Connection: close\r\n") && late.isFinished)

        let working = TestServer()
        working.receive(Self.get + Self.get)
        working.connection.drain()
        working.connection.drain()
        #expect(!working.isFinished && working.inFlight == 1)
        working.respond(200, to: 1)
        working.settle()
        #expect(working.text.contains("Connection: close\r\n") && working.isFinished && working.requests.count == 1)

        let half = TestServer.echoing()
        half.receive("GET / HT")
        half.connection.drain()
        half.connection.drain()
        #expect(!half.isFinished)
        half.receive("TP/1.1\r\nHost: a\r\n\r\n")
        #expect(half.requests.count == 1 && half.isFinished)
    }

    @Test("after a FIN whole requests are answered, and an incomplete one is refused")
    func endOfInput() {
        let empty = TestServer()
        empty.receiveEndOfInput()
        #expect(empty.isFinished && empty.text.isEmpty)

        let whole = TestServer()
        whole.receive(Self.get + Self.get)
        whole.receiveEndOfInput()
        #expect(!whole.isFinished && !whole.wantsInput)
        whole.respond(200, to: 1)
        whole.settle()
        #expect(!whole.isFinished && whole.requests.count == 2)
        whole.respond(200, to: 2)
        whole.settle()
        #expect(whole.isFinished)

        for start in ["PRI", "GET", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"] {
            let broken = TestServer()
            broken.receive(start)
            broken.receiveEndOfInput()
            #expect(broken.text.hasPrefix("HTTP/1.1 400 ") && broken.isFinished && broken.errors == [.incomplete])
        }
    }
}
