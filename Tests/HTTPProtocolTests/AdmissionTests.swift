import HTTPTypes
import Synchronization
import Testing

@testable import HTTPProtocol

/// Requests that are refused by their heads, before their bodies are read.
@Suite struct AdmissionTests {
    private static func connection(_ negotiated: HTTPConnection.Negotiated = .byPreface) -> HTTPConnection {
        HTTPConnection(
            limits: HTTPLimits(),
            negotiated: negotiated,
            admission: { head, _ in
                guard head.path != "/open" else { return nil }
                let answer = HTTPResponse(status: .unauthorized, headerFields: [.wwwAuthenticate: "Bearer"])
                return .answer(Response(head: answer, body: .bytes(Array("no".utf8))))
            },
            ownAnswer: { status, _ in Response(status: .init(code: status), json: Array("\(status)".utf8)) }
        )
    }

    private static func answer(_ connection: inout HTTPConnection, to text: String) -> String {
        let bytes = Array(text.utf8)
        connection.receive(bytes.span)
        return String(decoding: connection.takeOutput(atMost: .max), as: UTF8.self)
    }

    @Test("the refusal comes instead of 100 Continue, and the connection ends with it")
    func beforeContinue() {
        var connection = Self.connection()
        connection.ownAnswerFields[.server] = "test"
        let answer = Self.answer(
            &connection,
            to: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        #expect(answer.contains("\r\nWWW-Authenticate: Bearer\r\n"))
        #expect(answer.contains("\r\nServer: test\r\n"))
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nno"))
        let (isFinished, event) = (connection.isFinished, connection.nextEvent())
        #expect(isFinished)
        if let event { Issue.record("\(event)") }
    }

    @Test(
        "it comes before a body's size is checked, and no byte of the body is kept",
        arguments: ["Content-Length: 999999999", "Transfer-Encoding: chunked"]
    )
    func beforeBody(framing: String) {
        var connection = Self.connection()
        let answer = Self.answer(&connection, to: "POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n5\r\nhello\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 401 "))
        let kept = connection.bufferedInputBytes
        #expect(kept == 0)
    }

    @Test("an accepted request gets its 100 Continue, and a request without body is passed on without a check")
    func admitted() {
        var connection = Self.connection()
        let answer = Self.answer(
            &connection,
            to: "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
        #expect(answer == "HTTP/1.1 100 Continue\r\n\r\n")
        var other = Self.connection()
        let nothing = Self.answer(&other, to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(nothing.isEmpty)
        guard case .request = other.nextEvent() else {
            Issue.record("no request")
            return
        }
    }

    @Test("the judge is told whether the client waits for 100 Continue", arguments: [true, false])
    func awaited(waits: Bool) {
        let heard = Mutex<[AnnouncedBody]>([])
        var connection = HTTPConnection(
            limits: HTTPLimits(),
            admission: { _, body in
                heard.withLock { $0.append(body) }
                return nil
            },
            ownAnswer: { status, _ in Response(status: .init(code: status), json: []) }
        )
        let expect = waits ? "Expect: 100-continue\r\n" : ""
        _ = Self.answer(&connection, to: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\(expect)\r\n")
        #expect(heard.withLock { $0 } == [waits ? .awaited : .follows])
    }

    @Test("if TLS has agreed on HTTP/1.1, HTTP/2's preface is an unknown version")
    func http1Only() {
        var connection = Self.connection(.http1)
        let answer = Self.answer(&connection, to: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 505 "))
    }

    @Test("if TLS has agreed on HTTP/2, settings come first, and anything but its preface ends the connection")
    func http2Only() {
        var connection = Self.connection(.http2)
        let (isHTTP2, settings) = (connection.isHTTP2, connection.takeOutput(atMost: .max))
        #expect(isHTTP2)
        // SETTINGS is frame type 4.
        #expect(settings.dropFirst(3).first == 4)
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        connection.receive(bytes.span)
        let output = connection.takeOutput(atMost: .max)
        // GOAWAY is type 7, PROTOCOL_ERROR its code 1.
        #expect(output.dropFirst(3).first == 7)
        #expect(output.suffix(4) == [0, 0, 0, 1])
        let isFinished = connection.isFinished
        #expect(isFinished)
    }
}
