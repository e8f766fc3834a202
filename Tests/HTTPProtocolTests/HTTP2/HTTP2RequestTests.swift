import HTTPProtocol
import HTTPTypes
import Testing

@Suite("HTTP/2 requests and answers (RFC 9113, 8)")
struct HTTP2RequestTests {
    @Test("HTTP/1.1 and HTTP/2 give the same request")
    func sameRequest() {
        let client = HTTP2Client(TestServer())
        client.request(
            "POST",
            "/embed?x=1",
            fields: [("accept", "b"), ("content-length", "3"), ("te", "trailers")],
            body: Array("abc".utf8)
        )
        client.exchange()
        let http1 = TestServer()
        http1.receive(
            "POST /embed?x=1 HTTP/1.1\r\nHost: a\r\nAccept: b\r\nContent-Length: 3\r\nTE: trailers\r\n\r\nabc"
        )
        #expect(client.server.log == http1.log)
        #expect(client.server.requests.first?.request.version == .http2)
        #expect(client.server.requests.first?.request.head == http1.requests.first?.request.head)
        #expect(client.server.isHTTP2)
    }

    @Test("a complete answer arrives with its length, and the stream closes without an error")
    func answer() {
        let client = HTTP2Client(TestServer())
        let id = client.request()
        client.exchange()
        #expect(client.server.inFlight == 1 && client.server.phase == .awaitingResponse)
        client.server.respond(
            200,
            body: Array("hi".utf8),
            fields: [.contentType: "text/plain", .connection: "close", .transferEncoding: "x"],
            to: id
        )
        client.exchange()
        #expect(client.answers[id]?.status == "200")
        #expect(client.answers[id]?.fields == ["content-type": "text/plain", "content-length": "2"])
        #expect(client.answers[id]?.body == Array("hi".utf8))
        #expect(client.answers[id]?.closeCode == 0)
        #expect(client.server.inFlight == 0 && client.server.phase == .idle && client.server.cancelled.isEmpty)
        #expect(client.server.connection.bufferedOutputBytes == 0)
    }

    @Test("many streams are in work at once and answered in any order")
    func concurrent() {
        let client = HTTP2Client(TestServer())
        let ids = (0..<100).map { client.request("POST", "/\($0)", body: Array("\($0)".utf8)) }
        client.exchange()
        #expect(client.server.inFlight == 100)
        for id in ids.reversed() { client.server.respond(200, body: Array("\(id)".utf8), to: id) }
        client.exchange()
        #expect(
            ids.allSatisfy { client.answers[$0]?.body == Array("\($0)".utf8) && client.answers[$0]?.closeCode == 0 }
        )
    }

    @Test("a streamed answer continues at each capacity event, and holds no more than the low-water mark and a piece")
    func streamed() {
        var limits = HTTPLimits()
        limits.responseLowWaterBytes = 1000
        let client = HTTP2Client(TestServer(limits: limits))
        let id = client.request()
        client.exchange()
        let piece = [UInt8](repeating: 7, count: 3000)
        client.server.respond(200, body: piece, isComplete: false, to: id)
        for round in 1...50 {
            client.exchange()
            #expect(client.server.rooms.count == round)
            #expect(client.server.connection.bufferedOutputBytes < 4000)
            client.server.connection.appendBody(piece, isComplete: round == 50, to: id)
        }
        client.exchange()
        #expect(client.answers[id]?.body.count == 51 * 3000)
        #expect(client.answers[id]?.closeCode == 0)
        #expect(client.answers[id]?.fields["content-length"] == nil)
    }

    @Test("an answer of megabytes arrives whole, whatever the client's windows")
    func largeAnswer() {
        let client = HTTP2Client(TestServer(), initialWindow: 1000)
        let id = client.request()
        client.exchange()
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        client.server.respond(200, body: body, to: id)
        client.exchange()
        #expect(client.answers[id]?.body == body)
        #expect(client.server.phase == .idle)
    }

    @Test("HEAD, 204 and 304 have no body, streamed or not")
    func bodyless() {
        let client = HTTP2Client(TestServer())
        for (method, status, isComplete) in [
            ("HEAD", 200, true), ("HEAD", 200, false), ("GET", 204, true), ("GET", 304, false),
        ] {
            let id = client.request(method)
            client.exchange()
            client.server.respond(status, body: Array("hi".utf8), isComplete: isComplete, to: id)
            if !isComplete { client.server.connection.appendBody(Array("more".utf8), isComplete: true, to: id) }
            client.exchange()
            #expect(client.answers[id]?.status == "\(status)" && client.answers[id]?.body == [])
            #expect(client.answers[id]?.closeCode == 0)
            #expect(client.answers[id]?.fields["content-length"] == (method == "HEAD" && isComplete ? "2" : nil))
        }
    }

    @Test("bodies larger than every window arrive, because windows are given back")
    func largeBody() {
        let client = HTTP2Client(TestServer())
        let body = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        let id = client.request("POST", body: body)
        client.exchange()
        #expect(client.server.requests.first?.request.body == body)
        #expect(client.server.connection.bufferedInputBytes == 0)
        client.server.respond(200, to: id)
        client.exchange()
        #expect(client.answers[id]?.status == "200")
    }

    @Test("bodies of all streams together stay bounded, and each gets done in its turn")
    func boundedBodies() {
        var limits = HTTPLimits()
        limits.maxConnectionBodyBytes = 200_000
        limits.streamWindowBytes = 20_000
        limits.maxBodyBytes = 100_000
        let server = TestServer(limits: limits)
        let client = HTTP2Client(server)
        let body = [UInt8](repeating: 1, count: 100_000)
        let ids = (0..<20).map { _ in client.request("POST", body: body) }
        client.exchange()
        // Bodies in work: the limit and the body that exceeded it. Bodies being read: the limit and the windows that
        // were open then.
        #expect(server.requests.count * 100_000 <= 200_000 + 100_000)
        #expect(server.connection.bufferedInputBytes <= 200_000 + 20 * 20_000)
        #expect(!server.requests.isEmpty && server.requests.count < 20)
        var answered = 0
        while answered < server.requests.count {
            server.respond(200, to: server.requests[answered].id)
            answered += 1
            client.exchange()
        }
        #expect(answered == 20)
        #expect(ids.allSatisfy { client.answers[$0]?.status == "200" })
    }

    @Test("a body over its limit is answered with 413 and a reset that is no error", arguments: [true, false])
    func bodyLimit(isAnnounced: Bool) {
        var limits = HTTPLimits()
        limits.maxBodyBytes = 1000
        let client = HTTP2Client(TestServer(limits: limits))
        let body = [UInt8](repeating: 1, count: 200_000)
        let id = client.request("POST", fields: isAnnounced ? [("content-length", "200000")] : [], body: body)
        client.exchange()
        #expect(client.answers[id]?.status == "413")
        #expect(client.answers[id]?.fields["content-type"] == "application/json")
        // The reset is sent later, so that a client that is busy sending reads the answer first.
        #expect(client.answers[id]?.closeCode == nil && client.server.phase == .readingBody)
        for second in 1...2 {
            let ended = client.server.connection.enforceStreamTimeLimits(
                now: .seconds(second),
                body: .seconds(30),
                write: .seconds(30)
            )
            #expect(ended == 0)
            client.exchange()
        }
        #expect(client.answers[id]?.closeCode == 0 && client.server.phase == .idle)
        #expect(client.server.requests.isEmpty && client.server.errors == [.bodyTooLarge])
        let next = client.request()
        client.exchange()
        client.server.respond(200, to: next)
        client.exchange()
        #expect(client.answers[next]?.status == "200")
    }

    @Test("100 is sent to a client that waits for it, and an unknown expectation is 417")
    func expectContinue() {
        let client = HTTP2Client(TestServer())
        let id = client.request("POST", fields: [("expect", "100-continue")], body: [], endsBody: false)
        client.exchange()
        #expect(client.answers[id]?.informational == ["100"])
        client.continueBody(id, Array("abc".utf8), ends: true)
        client.exchange()
        #expect(client.server.requests.first?.request.body == Array("abc".utf8))
        let other = client.request("POST", fields: [("expect", "x")], body: [1])
        client.exchange()
        #expect(client.answers[other]?.status == "417")
    }

    @Test(
        "heads are held to the limits and the grammar of HTTP/1.1",
        arguments: [
            ("GET", "/" + String(repeating: "a", count: 9000), [], "414"),
            ("GET", "/", [("x", String(repeating: "y", count: 30_000))], "431"),
            ("GET", "/", Array(repeating: ("x", "y"), count: 101), "431"),
            ("GET", "/", [("host", "other")], "400"), ("GET", "/a#b", [], "400"), ("GET", "/a\"b", [], "400"),
            ("GET", "/%zz", [], "400"), (String(repeating: "A", count: 40), "/", [], "501"),
        ] as [(String, String, [(String, String)], String)]
    )
    func refusedHeads(method: String, path: String, fields: [(String, String)], status: String) {
        let client = HTTP2Client(TestServer())
        let id = client.request(method, path, fields: fields)
        client.exchange()
        #expect(client.answers[id]?.status == status)
        #expect(client.server.requests.isEmpty)
        // The connection goes on.
        let next = client.request("GET", "/", fields: [("host", "A:80")])
        client.exchange()
        #expect(client.server.requests.last?.id == next)
    }

    @Test("an impossible status becomes 500, and no value carries a line end", arguments: [0, 101, 600])
    func impossibleStatus(status: Int) throws {
        let client = HTTP2Client(TestServer())
        let id = client.request()
        client.exchange()
        client.server.respond(status, to: id)
        client.exchange()
        #expect(client.answers[id]?.status == "500")
        let name = try #require(HTTPField.Name("X-Echo"))
        let second = client.request()
        client.exchange()
        client.server.respond(
            200,
            fields: HTTPFields([HTTPField(name: name, lenientValue: Array("a\r\nb\u{1}".utf8))]),
            to: second
        )
        client.exchange()
        #expect(client.answers[second]?.fields["x-echo"] == "a  b")
    }
}
