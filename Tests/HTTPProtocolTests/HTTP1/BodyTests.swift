import HTTPProtocol
import HTTPTypes
import Testing

@Suite("HTTP/1.1 bodies (RFC 9112, 6 and 7)")
struct BodyTests {
    private func post(_ fields: String, _ body: String = "", version: String = "1.1") -> String {
        "POST / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
    }

    @Test(
        "bodies are read by length or by chunks",
        arguments: [
            ("Content-Length: 3", "abc", "abc"), ("Content-Length: 0", "", ""), ("Content-Length: 003", "abc", "abc"),
            ("content-length:\t3 ", "abc", "abc"),
            ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n", "abc"),
            ("Transfer-Encoding: Chunked", "1\r\na\r\n02\r\nbc\r\n000\r\n\r\n", "abc"),
            ("Transfer-Encoding: chunked", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
            ("Transfer-Encoding: chunked", "0\r\n\r\n", ""),
            ("Transfer-Encoding: chunked", "3;a;b=c;d=\"e;\\\"\"\r\nabc\r\n0;x\r\n\r\n", "abc"),
            ("Transfer-Encoding: chunked", "3 ;\ta = \"b\" ; c\r\nabc\r\n0\t;x\r\n\r\n", "abc"),
            ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n", "abc"),
            ("Transfer-Encoding: chunked", "2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ]
    )
    func accepted(fields: String, body: String, expected: String) {
        let server = TestServer.echoing()
        // The bytes that follow are the next request, so the body ends exactly where it should.
        server.receive(post(fields, body) + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(server.requests.map { String(decoding: $0.request.body, as: UTF8.self) } == [expected, ""])
        #expect(server.requests.last?.request.head.path == "/next")
        #expect(server.requests.first?.request.head.headerFields[.trailer] == nil)
    }

    @Test(
        "a length that is repeated, contradicted or no plain number is refused",
        arguments: [
            ("Content-Length: 3\r\nContent-Length: 3", 400), ("Content-Length: 3\r\nContent-Length: 4", 400),
            ("Content-Length: 3, 3", 400), ("Content-Length: +3", 400), ("Content-Length: -3", 400),
            ("Content-Length: 0x3", 400), ("Content-Length: 3 3", 400), ("Content-Length: 3a", 400),
            ("Content-Length:", 400), ("Content-Length: 3.0", 400), ("Content-Length: 3;", 400),
            ("Content-Length: 9223372036854775808", 400), ("Content-Length: 18446744073709551619", 400),
            ("Content-Length: 99999999999999999999999999", 400), ("Content-Length: ٣", 400),
            ("Content-Length: 9223372036854775807", 413),
            ("Content-Length: 3\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 3", 400),
        ]
    )
    func lengthRefused(fields: String, status: Int) {
        #expect(statusOf(post(fields, "abc")) == status)
    }

    @Test(
        "the only transfer coding is chunked, once",
        arguments: [
            ("Transfer-Encoding: chunked, chunked", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked, gzip", 400), ("Transfer-Encoding: gzip", 400),
            ("Transfer-Encoding: identity", 400),
            ("Transfer-Encoding: xchunked", 400), ("Transfer-Encoding: chunkedx", 400), ("Transfer-Encoding:", 400),
            ("Transfer-Encoding: \"chunked\"", 400), ("Transfer-Encoding: chunked;q=1", 400),
            ("Transfer-Encoding: ,chunked", 400), ("Transfer-Encoding: chunked,", 400),
            ("Transfer-Encoding: chun ked", 400),
            ("Transfer-Encoding: \u{B}chunked", 400), ("Transfer-Encoding : chunked", 400),
            ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
            ("Transfer-Encoding: identity, chunked", 501),
        ]
    )
    func codingRefused(fields: String, status: Int) {
        #expect(statusOf(post(fields, "0\r\n\r\n")) == status)
    }

    @Test("Transfer-Encoding in HTTP/1.0 is refused")
    func codingInHTTP10() {
        #expect(statusOf(post("Transfer-Encoding: chunked", "0\r\n\r\n", version: "1.0")) == 400)
    }

    @Test(
        "a malformed chunk is refused",
        arguments: [
            ("g\r\n", 400), ("\r\n", 400), ("0x3\r\nabc\r\n", 400), ("+3\r\nabc\r\n", 400), ("-1\r\n", 400),
            (" 3\r\nabc\r\n", 400), ("3 \r\nabc\r\n", 400), ("3\nabc\r\n", 400),
            ("3\rabc\r\n", 400), ("3\r\nabcd\r\n", 400), ("3\r\nabc\n0\r\n\r\n", 400), ("3\r\nabc\r0\r\n\r\n", 400),
            ("3\r\nabc0\r\n\r\n", 400), ("3;\r\nabc\r\n", 400), ("3;=b\r\nabc\r\n", 400), ("3;a=\r\nabc\r\n", 400),
            ("3;a=\"b\r\nabc\r\n", 400), ("3;a\nabc\r\n", 400), ("3;a\u{0}\r\nabc\r\n", 400),
            ("3 ;\r\nabc\r\n", 400), ("3;a \r\nabc\r\n", 400), ("3; a =\r\nabc\r\n", 400), ("3\t\r\nabc\r\n", 400),
            ("00000000000000003\r\nabc\r\n", 400), ("FFFFFFFFFFFFFFFF\r\n", 400), ("8000000000000000\r\n", 400),
            ("7FFFFFFFFFFFFFFF\r\n", 413), ("FFFFFFFFFFFFFFFFF\r\n", 400), ("3\r\n\r\nabc", 400),
            ("0\r\nX : y\r\n\r\n", 400), ("0\r\nX\r\n\r\n", 400), ("0\r\n X: y\r\n\r\n", 400), ("0\r\nX: y\n\r\n", 400),
            ("0\r\n\n", 400), ("0\r\n\rx", 400),
        ]
    )
    func chunkRefused(body: String, status: Int) {
        #expect(statusOf(post("Transfer-Encoding: chunked", body)) == status)
    }

    @Test(
        "a field that has no place in a trailer is dropped: it changes neither this request nor the next",
        arguments: [
            "Content-Length: 3", "Content-Length: x", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip",
            "Host: b",
            "Authorization: b", "Content-Type: text/plain", "Content-Encoding: gzip", "Connection: close",
            "Expect: 100-continue", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\nTrailer: x",
        ]
    )
    func trailerDropped(trailer: String) throws {
        let server = TestServer.echoing()
        server.receive(post("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\(trailer)\r\n\r\n"))
        server.receive("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        let requests = server.requests.map(\.request)
        try #require(requests.count == 2, "\(server.text)")
        #expect(requests[0].body == Array("abc".utf8) && requests[1].body.isEmpty && requests[1].head.path == "/next")
        let plain = TestServer.echoing()
        plain.receive(post("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"))
        #expect(requests[0].head == plain.requests.first?.request.head)
    }

    @Test("extensions and trailers are bounded")
    func extensionsBounded() {
        var limits = HTTPLimits()
        limits.maxChunkExtensionBytes = 20
        limits.maxHeaderBytes = 100
        limits.maxHeaderFields = 3
        func status(_ body: String) -> Int? { statusOf(post("Transfer-Encoding: chunked", body), limits: limits) }
        #expect(status("1;aaaaaaaaa\r\na\r\n1;aaaaaaaaa\r\na\r\n0\r\n\r\n") == nil)
        #expect(status("1;aaaaaaaaa\r\na\r\n1;aaaaaaaaaa\r\na\r\n0\r\n\r\n") == 400)
        #expect(status("1;\(String(repeating: "a", count: 10_000))") == 400)
        #expect(status(String(repeating: "0", count: 10_000)) == 400)
        #expect(status("0\r\nX: \(String(repeating: "a", count: 10_000))") == 431)
        #expect(status("0\r\n" + String(repeating: "X: y\r\n", count: 3) + "\r\n") == nil)
        #expect(status("0\r\n" + String(repeating: "X: y\r\n", count: 4) + "\r\n") == 431)
    }

    @Test("a body over its limit is 413 as soon as that is known; a body at the limit is served")
    func bodyLimit() {
        var limits = HTTPLimits()
        limits.maxBodyBytes = 5
        #expect(statusOf(post("Content-Length: 5", "abcde"), limits: limits) == nil)
        #expect(statusOf(post("Content-Length: 6"), limits: limits) == 413)
        let chunked = "Transfer-Encoding: chunked"
        #expect(statusOf(post(chunked, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), limits: limits) == nil)
        #expect(statusOf(post(chunked, "3\r\nabc\r\n3\r\n"), limits: limits) == 413)
        #expect(statusOf(post(chunked, "6\r\n"), limits: limits) == 413)
    }

    @Test("100 is sent before the body comes, and only if the body will be read")
    func expectContinue() {
        let server = TestServer()
        server.receive(post("Expect: 100-Continue\r\nContent-Length: 3"))
        #expect(server.text == "HTTP/1.1 100 Continue\r\n\r\n")
        server.receive("abc")
        #expect(server.requests.count == 1)

        for fields in ["Expect: 100-continue\r\nContent-Length: 0", "Expect: 100-continue"] {
            let bodyless = TestServer()
            bodyless.receive(post(fields))
            #expect(bodyless.text.isEmpty && bodyless.requests.count == 1)
        }
        let old = TestServer()
        old.receive(post("Expect: 100-continue\r\nContent-Length: 3", "abc", version: "1.0"))
        #expect(old.text.isEmpty && old.requests.count == 1)

        let tooLarge = TestServer()
        tooLarge.receive(post("Expect: 100-continue\r\nContent-Length: 99999999"))
        #expect(tooLarge.text.hasPrefix("HTTP/1.1 413 "))
        for expectation in ["200-ok", "100-continue, x", "", "100-continue\r\nExpect: 100-continue"] {
            #expect(statusOf(post("Expect: \(expectation)\r\nContent-Length: 3")) == 417)
        }
    }

    @Test("smuggled requests are never seen as requests")
    func smuggling() {
        let smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked\r\nContent-Length: 5",
            "Content-Length: 0\r\nContent-Length: 35", "Transfer-Encoding: chunked\r\nTransfer-encoding: cow",
            "Transfer-Encoding:\u{B}chunked", "X: a\nTransfer-Encoding: chunked", "Transfer-Encoding\r\n : chunked",
        ] {
            let server = TestServer.echoing()
            server.receive(post(fields, "0\r\n\r\n" + smuggled))
            #expect(server.requests.isEmpty)
            #expect(server.isFinished)
            server.receive(smuggled)
            #expect(server.requests.isEmpty)
        }
    }
}
