import HTTPProtocol
import HTTPTypes
import Testing

@Suite("HTTP/1.1 answers (RFC 9112, 6 and 9; RFC 9110, 6.4 and 9.3.2)")
struct AnswerTests {
    private static func get(_ fields: String = "", method: String = "GET", version: String = "1.1") -> String {
        "\(method) / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test("a complete answer has its length, and the connection stays open")
    func complete() {
        let server = TestServer()
        server.receive(Self.get())
        server.respond(200, body: Array("hi".utf8), fields: [.contentType: "text/plain"], to: 1)
        server.settle()
        #expect(server.text == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")
        #expect(!server.isFinished && server.phase == .idle && server.inFlight == 0)
    }

    @Test("a streamed answer is chunked, and one capacity event follows each piece")
    func chunked() {
        let server = TestServer()
        server.receive(Self.get())
        server.respond(200, body: Array("hi".utf8), isComplete: false, to: 1)
        server.settle()
        #expect(server.rooms == [1])
        server.connection.appendBody([], isComplete: false, to: 1)
        server.settle()
        #expect(server.rooms == [1, 1])
        server.connection.appendBody(Array(repeating: 0x61, count: 17), isComplete: true, to: 1)
        server.settle()
        let body = "2\r\nhi\r\n11\r\n" + String(repeating: "a", count: 17) + "\r\n0\r\n\r\n"
        #expect(server.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        #expect(server.rooms == [1, 1])
    }

    @Test("a streamed answer to HTTP/1.0 ends with the connection")
    func untilClose() {
        let server = TestServer()
        server.receive(Self.get("Connection: keep-alive\r\n", version: "1.0"))
        server.respond(200, body: Array("hi".utf8), isComplete: false, to: 1)
        server.connection.appendBody(Array("!".utf8), isComplete: true, to: 1)
        server.settle()
        #expect(server.text == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi!")
        #expect(server.isFinished)
    }

    @Test("HEAD gets the fields of GET and no body", arguments: [true, false])
    func head(isComplete: Bool) {
        let server = TestServer()
        server.receive(Self.get(method: "HEAD"))
        server.respond(200, body: Array("hi".utf8), isComplete: isComplete, to: 1)
        if !isComplete { server.connection.appendBody(Array("more".utf8), isComplete: true, to: 1) }
        server.settle()
        let framing = isComplete ? "Content-Length: 2" : "Transfer-Encoding: chunked"
        #expect(server.text == "HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n")
        #expect(server.phase == .idle)
    }

    @Test("204 and 304 have neither body nor length", arguments: [204, 304])
    func bodyless(status: Int) {
        let server = TestServer()
        server.receive(Self.get())
        server.respond(status, body: Array("hi".utf8), to: 1)
        server.settle()
        #expect(server.text.hasSuffix("\r\n\r\n") && !server.text.lowercased().contains("content-length"))
        #expect(server.phase == .idle)
    }

    @Test("a handler's framing fields are replaced, its Connection: close is honoured")
    func framingFields() {
        let fields: HTTPFields = [
            .contentLength: "99", .transferEncoding: "gzip", .connection: "x, Close", .upgrade: "h2c", .server: "s",
        ]
        let server = TestServer()
        server.receive(Self.get())
        server.respond(200, body: Array("hi".utf8), fields: fields, to: 1)
        server.settle()
        #expect(server.text == "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        #expect(server.isFinished)
    }

    @Test("no value can end its line and begin another")
    func injection() throws {
        let name = try #require(HTTPField.Name("X-Echo"))
        let evil = "a\r\nSet-Cookie: b\r\n\r\nbody\u{0}\n"
        var fields: HTTPFields = [name: evil]
        fields.append(HTTPField(name: name, lenientValue: Array(evil.utf8)))
        let server = TestServer()
        server.receive(Self.get())
        let status = HTTPResponse.Status(code: 200, reasonPhrase: "a\r\nX: b")
        server.connection.respond(
            HTTPResponse(status: status, headerFields: fields),
            body: [],
            isComplete: true,
            to: 1
        )
        server.settle()
        // The status line, two fields, the length, and the empty line.
        #expect(server.text.split(separator: "\r\n", omittingEmptySubsequences: false).count == 6)
        #expect(!server.output.contains(0) && !server.text.contains("\r\nSet-Cookie"))
    }

    @Test("an impossible status becomes 500", arguments: [0, 100, 101, 199, 600, 999])
    func impossibleStatus(status: Int) {
        let server = TestServer()
        server.receive(Self.get())
        server.respond(status, to: 1)
        server.settle()
        #expect(server.text.hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
    }

    @Test(
        "a connection is kept or closed as version and Connection say (RFC 9112, 9.3)",
        arguments: [
            ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: CLOSE\r\n", false),
            ("1.1", "Connection: keep-alive\r\n", true), ("1.1", "Connection: a, close ,b\r\n", false),
            ("1.1", "Connection: a\r\nConnection: close\r\n", false), ("1.1", "Connection: closed\r\n", true),
            ("1.0", "", false), ("1.0", "Connection: keep-alive\r\n", true),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ]
    )
    func keepAlive(version: String, fields: String, isKept: Bool) {
        let server = TestServer()
        server.receive(Self.get(fields, version: version))
        server.respond(200, to: 1)
        server.settle()
        #expect(server.isFinished != isKept)
        #expect(server.text.contains("Connection: close\r\n") != isKept)
        #expect(server.text.contains("Connection: keep-alive\r\n") == (isKept && version == "1.0"))
        server.receive(Self.get())
        #expect(server.requests.count == (isKept ? 2 : 1))
    }

    @Test("answers to a request that isn't in work are ignored")
    func strangers() {
        let server = TestServer()
        server.respond(200, to: 1)
        server.connection.appendBody([1], isComplete: true, to: 1)
        server.connection.abort(1)
        server.receive(Self.get())
        server.respond(200, to: 2)
        server.connection.appendBody([1], isComplete: true, to: 1)
        server.connection.abort(7)
        server.respond(200, to: 1)
        server.respond(404, to: 1)
        server.settle()
        #expect(server.text == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }

    @Test("giving up an answer ends the connection")
    func abort() {
        let server = TestServer()
        server.receive(Self.get() + Self.get())
        server.respond(200, body: Array("hi".utf8), isComplete: false, to: 1)
        server.connection.abort(1)
        server.settle()
        #expect(server.isFinished && server.requests.count == 1)
        #expect(!server.text.contains("0\r\n\r\n"))
    }

    @Test("the owner's fields are in the protocol's own answers")
    func ownFields() {
        let server = TestServer()
        server.connection.ownAnswerFields = [.server: "s"]
        server.receive("bad\r\n\r\n")
        #expect(server.text.contains("\r\nServer: s\r\nContent-Type: application/json\r\n"))
        #expect(server.errors == [.requestLine])
    }
}
