import HTTPProtocol
import Testing

/// Whole conversations, as in an external conformance suite: the bytes that go in, and the statuses that come out.
@Suite("HTTP/1.1 conversations end as RFC 9110 and 9112 say")
struct ConformanceTests {
    /// The bytes that a client sends, and the statuses that it gets. After an error the connection closes and ignores
    /// all further bytes.
    struct Conversation: Sendable, CustomTestStringConvertible {
        let name: String
        let input: String
        let statuses: [Int]

        init(_ name: String, _ statuses: [Int], _ parts: String...) {
            self.name = name
            self.statuses = statuses
            input = parts.joined()
        }

        var testDescription: String { name }

        func check() {
            let server = TestServer.echoing()
            server.receive(input)
            let answers = server.text.matches(of: #/HTTP/1\.1 ([0-9]{3}) /#).compactMap { Int($0.output.1) }
            #expect(answers == statuses, "\(name): \(server.text)")
            let isOpen = statuses.allSatisfy { $0 < 400 } && !server.text.contains("Connection: close")
            #expect(server.isFinished != isOpen, "\(name): \(server.text)")
            // No byte of a request is left that could be read as a part of another request.
            if !isOpen { #expect(server.connection.bufferedInputBytes == 0, "\(name)") }
        }
    }

    private static let host = "Host: a\r\n"
    private static let get = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func post(_ fields: String, _ body: String = "", version: String = "1.1") -> String {
        "POST / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
    }

    @Test("smuggling: no request is hidden in another", arguments: smugglingCases)
    func smuggling(conversation: Conversation) { conversation.check() }

    private static let smugglingCases: [Conversation] = [
        Conversation("CL.TE", [400], post("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\nG"), get),
        Conversation(
            "CL.TE, a whole request",
            [400],
            post("Content-Length: 49\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            smuggled
        ),
        Conversation(
            "TE.CL",
            [400],
            post("Transfer-Encoding: chunked\r\nContent-Length: 4", "2b\r\n\(smuggled)\r\n0\r\n\r\n")
        ),
        Conversation("TE.CL with CL of 0", [400], post("Transfer-Encoding: chunked\r\nContent-Length: 0", "0\r\n\r\n")),
        Conversation(
            "TE.TE, the second unknown",
            [400],
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "0\r\n\r\n")
        ),
        Conversation(
            "TE.TE, the second identity",
            [400],
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n")
        ),
        Conversation(
            "TE.TE, the first unknown",
            [501],
            post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "0\r\n\r\n")
        ),
        Conversation(
            "TE.TE, both chunked",
            [400],
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n")
        ),
        Conversation(
            "TE, a space before the colon, and CL",
            [400],
            post("Transfer-Encoding : chunked\r\nContent-Length: 5", "0\r\n\r\n")
        ),
        Conversation("TE, a tab before the colon", [400], post("Transfer-Encoding\t: chunked", "0\r\n\r\n")),
        Conversation(
            "TE folded onto the next line",
            [400],
            post("Transfer-Encoding:\r\n chunked\r\nContent-Length: 5", "0\r\n\r\n")
        ),
        Conversation(
            "TE behind a folded line",
            [400],
            post("X: y\r\n\tTransfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")
        ),
        Conversation("TE with a leading space", [400], post(" Transfer-Encoding: chunked", "0\r\n\r\n")),
        Conversation("TE behind a bare CR", [400], post("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n")),
        Conversation("TE behind a bare LF", [400], post("X: y\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Conversation("TE ended by a bare LF", [400], post("Transfer-Encoding: chunked\nX: y", "0\r\n\r\n")),
        Conversation(
            "TE with a vertical tab",
            [400],
            post("Transfer-Encoding: \u{B}chunked\r\nContent-Length: 5", "0\r\n\r\n")
        ),
        Conversation("TE with a form feed", [400], post("Transfer-Encoding: \u{C}chunked", "0\r\n\r\n")),
        Conversation("TE with NUL", [400], post("Transfer-Encoding: chunked\u{0}", "0\r\n\r\n")),
        Conversation("TE with a comma first", [400], post("Transfer-Encoding: , chunked", "0\r\n\r\n")),
        Conversation("TE chunked, identity", [400], post("Transfer-Encoding: chunked, identity", "0\r\n\r\n")),
        Conversation("TE xchunked", [400], post("Transfer-Encoding: xchunked\r\nContent-Length: 5", "0\r\n\r\n")),
        Conversation("TE quoted", [400], post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n")),
        Conversation("TE in capitals is chunked", [200, 200], post("TRANSFER-ENCODING: CHUNKED", "0\r\n\r\n"), get),
        Conversation(
            "TE with white space around is chunked",
            [200, 200],
            post("Transfer-Encoding: \t chunked \t", "0\r\n\r\n"),
            get
        ),
        Conversation(
            "Transfer_Encoding is another field",
            [200, 200],
            post("Transfer_Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
            get
        ),
        Conversation("TE in HTTP/1.0", [400], post("Transfer-Encoding: chunked", "0\r\n\r\n", version: "1.0"), get),
        Conversation(
            "TE and CL in HTTP/1.0",
            [400],
            post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n", version: "1.0")
        ),
        Conversation("two lengths that differ", [400], post("Content-Length: 0\r\nContent-Length: 44", smuggled)),
        Conversation("two lengths that agree", [400], post("Content-Length: 5\r\nContent-Length: 5", "hello"), get),
        Conversation("a list of lengths", [400], post("Content-Length: 5, 5", "hello")),
        Conversation("a length with a plus", [400], post("Content-Length: +5", "hello")),
        Conversation("a length of minus 0", [400], post("Content-Length: -0"), get),
        Conversation("a length in hexadecimal", [400], post("Content-Length: 0x5", "hello")),
        Conversation("a length with an underscore", [400], post("Content-Length: 1_0", "helloworld")),
        Conversation("a length with a space within", [400], post("Content-Length: 1 0", "helloworld")),
        Conversation(
            "a length with leading zeros is decimal",
            [200, 200],
            post("Content-Length: 010", "helloworld"),
            get
        ),
        Conversation("a length above 2^63", [400], post("Content-Length: 9223372036854775808")),
        Conversation("a length above 2^64", [400], post("Content-Length: 18446744073709551621", "hello")),
        Conversation("a space before the colon of a length", [400], post("Content-Length : 5", "hello")),
        Conversation(
            "a body of GET is a body",
            [200, 200],
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n",
            smuggled,
            get
        ),
        Conversation(
            "a body of HEAD is a body",
            [200, 200],
            "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
            get
        ),
        Conversation(
            "a body of DELETE is a body",
            [200, 200],
            "DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            get
        ),
    ]

    @Test("chunks", arguments: chunksCases)
    func chunks(conversation: Conversation) { conversation.check() }

    private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body) }

    private static let chunksCases: [Conversation] = [
        Conversation("several chunks", [200, 200], chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), get),
        Conversation(
            "upper and lower case, leading zeros",
            [200, 200],
            chunked("00A\r\n0123456789\r\na\r\n0123456789\r\n00\r\n\r\n"),
            get
        ),
        Conversation("an extension", [200, 200], chunked("5;a=b;c=\"d;e\"\r\nhello\r\n0;f\r\n\r\n"), get),
        Conversation("an extension with bad white space", [200, 200], chunked("5 ; a = b\r\nhello\r\n0\r\n\r\n"), get),
        Conversation("a semicolon alone", [400], chunked("5;\r\nhello\r\n0\r\n\r\n")),
        Conversation("white space behind the size", [400], chunked("5 \r\nhello\r\n0\r\n\r\n")),
        Conversation("white space before the size", [400], chunked(" 5\r\nhello\r\n0\r\n\r\n")),
        Conversation("a sign", [400], chunked("+5\r\nhello\r\n0\r\n\r\n")),
        Conversation("a negative size", [400], chunked("-1\r\nhello\r\n0\r\n\r\n")),
        Conversation("0x", [400], chunked("0x5\r\nhello\r\n0\r\n\r\n")),
        Conversation("an underscore", [400], chunked("1_0\r\nhello world 1234\r\n0\r\n\r\n")),
        Conversation("a comma", [400], chunked("5,5\r\nhello\r\n0\r\n\r\n")),
        Conversation("no size", [400], chunked("\r\nhello\r\n0\r\n\r\n")),
        Conversation("a size beyond 2^64", [400], chunked("10000000000000005\r\nhello\r\n0\r\n\r\n")),
        Conversation("a size that would be negative", [400], chunked("FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")),
        Conversation("the largest size", [413], chunked("7FFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")),
        Conversation("LF behind the size", [400], chunked("5\nhello\r\n0\r\n\r\n")),
        Conversation("CR behind the size", [400], chunked("5\rhello\r\n0\r\n\r\n")),
        Conversation("LF in an extension", [400], chunked("5;a\nb\r\nhello\r\n0\r\n\r\n")),
        Conversation("CR in an extension", [400], chunked("5;a\rb\r\nhello\r\n0\r\n\r\n")),
        Conversation("NUL in an extension", [400], chunked("5;a\u{0}\r\nhello\r\n0\r\n\r\n")),
        Conversation("data longer than its size", [400], chunked("5\r\nhello!!\r\n0\r\n\r\n")),
        Conversation("data shorter than its size", [400], chunked("6\r\nhello\r\n0\r\n\r\n")),
        Conversation("data without an end", [400], chunked("5\r\nhello0\r\n\r\n")),
        Conversation("data ended by LF", [400], chunked("5\r\nhello\n0\r\n\r\n")),
        Conversation("trailers", [200, 200], chunked("0\r\nX-Sum: 1\r\nY: 2\r\n\r\n"), get),
        Conversation("a length in a trailer", [200, 200], chunked("0\r\nContent-Length: 5\r\n\r\n"), get),
        Conversation("a coding in a trailer", [200, 200], chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), get),
        Conversation("Host in a trailer", [200, 200], chunked("0\r\nHost: b\r\n\r\n"), get),
        Conversation("a trailer without a colon", [400], chunked("0\r\nX\r\n\r\n"), get),
        Conversation("a folded trailer", [400], chunked("0\r\nX: y\r\n z\r\n\r\n"), get),
        Conversation("LF behind the trailers", [400], chunked("0\r\n\n"), get),
    ]

    @Test("requests, versions and connections", arguments: requestsCases)
    func requests(conversation: Conversation) { conversation.check() }

    private static let requestsCases: [Conversation] = [
        Conversation("origin form", [200], get),
        Conversation("absolute form", [200], "GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("absolute form without a path", [200], "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("absolute form, another Host", [200], "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("absolute form without Host", [400], "GET http://b/ HTTP/1.1\r\n\r\n"),
        Conversation("asterisk form", [200], "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("asterisk form of GET", [400], "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("authority form", [501], "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        Conversation("authority form without a port", [400], "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("authority form of GET", [400], "GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("no target", [400], "GET HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("no version", [400], "GET /\r\nHost: a\r\n\r\n"),
        Conversation("HTTP/0.9", [400], "GET /\r\n\r\n"),
        Conversation("HTTP/2.0 in text", [505], "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        Conversation("HTTP/1.2 is read as HTTP/1.1", [200], "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
        Conversation("http/1.1 in small letters", [400], "GET / http/1.1\r\nHost: a\r\n\r\n"),
        Conversation("HTTP/01.1", [400], "GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
        Conversation("an empty line first", [200], "\r\n", get),
        Conversation("an empty line between requests", [200, 200], post("Content-Length: 5", "hello"), "\r\n", get),
        Conversation("two spaces", [400], "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("a tab", [400], "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Conversation("a space behind the version", [400], "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        Conversation("LF behind the request line", [400], "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        Conversation("white space before the first field", [400], "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"),
        Conversation("no Host", [400], "GET / HTTP/1.1\r\nX: y\r\n\r\n"),
        Conversation("an empty Host", [400], "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        Conversation("two Hosts", [400], "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        Conversation("Host with a list", [400], "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        Conversation("Host with a path", [400], "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Conversation("Host with user information", [400], "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        Conversation("no field name", [400], "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"),
        Conversation("no colon", [400], "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        Conversation("brackets in a field name", [400], "GET / HTTP/1.1\r\nHost: a\r\nX[]: y\r\n\r\n"),
        Conversation("a control character in a value", [400], "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{7}\r\n\r\n"),
        Conversation("bytes beyond ASCII in a value", [200], "GET / HTTP/1.1\r\nHost: a\r\nX: \u{E4}\r\n\r\n"),
        Conversation("an empty value", [200], "GET / HTTP/1.1\r\nhoSt:\ta\r\nX:\r\n\r\n"),
        Conversation("CR before a field", [400], "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n"),
        Conversation("close", [200], "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", get),
        Conversation(
            "close in a list",
            [200],
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive,\tClose\r\n\r\n",
            get
        ),
        Conversation("HTTP/1.0 closes", [200], "GET / HTTP/1.0\r\nHost: a\r\n\r\n", get),
        Conversation("HTTP/1.0 without Host", [200], "GET / HTTP/1.0\r\n\r\n"),
        Conversation(
            "HTTP/1.0 that keeps the connection",
            [200, 200],
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            get
        ),
        Conversation(
            "an unknown upgrade",
            [200, 200],
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x/1\r\n\r\n",
            get
        ),
        Conversation(
            "an upgrade to websocket",
            [200, 200],
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            get
        ),
        Conversation("100 before a body", [100, 200], post("Expect: 100-continue\r\nContent-Length: 5", "hello")),
        Conversation("no 100 without a body", [200], "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"),
        Conversation(
            "no 100 in HTTP/1.0",
            [200],
            post("Expect: 100-continue\r\nContent-Length: 5", "hello", version: "1.0")
        ),
        Conversation("another expectation", [417], post("Expect: 200-ok\r\nContent-Length: 5", "hello"), get),
        Conversation("TLS", [400], "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"),
        Conversation("garbage", [400], "\u{0}\u{1}\u{2}\r\n\r\n"),
        Conversation("an error ends a pipeline", [200, 400], get, "GET / HTTP/1.1\r\n\r\n", get),
    ]
}
