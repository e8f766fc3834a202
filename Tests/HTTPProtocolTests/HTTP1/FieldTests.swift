import HTTPProtocol
import HTTPTypes
import Testing

@Suite("HTTP/1.1 fields (RFC 9112, 3.2 and 5; RFC 9110, 5)")
struct FieldTests {
    @Test(
        "fields are taken with the white space around their values removed",
        arguments: [
            ("X: y", "x=y"), ("X:y", "x=y"), ("X: \t y \t", "x=y"), ("X:", "x="), ("X: a b", "x=a b"),
            ("X: a\tb", "x=a\tb"), ("X: ä", "x=ä"), ("X: :", "x=:"), ("a!#$%&'*+-.^_`|~1: z", "a!#$%&'*+-.^_`|~1=z"),
            ("X: 1\r\nX: 2", "x=1;x=2"), ("Cookie: a=b\r\ncookie: c=d", "cookie=a=b;cookie=c=d"),
        ]
    )
    func accepted(lines: String, fields: String) {
        let server = TestServer()
        server.receive("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n")
        #expect(server.log == ["request 1: GET|http|a|/|\(fields)|"])
    }

    @Test(
        "a malformed field is refused",
        arguments: [
            "X : y", "X\t: y", " X: y", "\tX: y", "X: y\r\n z", "X: y\r\n\tz", ": y", "X", "X y", "X(: y", "X\u{0}: y",
            "Ä: y", "X: a\u{0}b", "X: a\u{1}b", "X: a\u{7F}b", "X: a\u{1F}", "X: a\rb", "X: a\nb", "X: a\n", "X=y",
            "\"X\": y", "X,: y", "[X]: y", "X@: y", "X\u{B}: y", "X: y\u{C}",
        ]
    )
    func refused(lines: String) {
        #expect(statusOf("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n") == 400)
        #expect(statusOf("GET / HTTP/1.1\r\n\(lines)\r\nHost: a\r\n\r\n") == 400)
    }

    @Test("every byte is held to RFC 9110's grammar in a name and in a value", arguments: 0...255)
    func bytes(value: Int) {
        let byte = UInt8(value)
        let start = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
        let end = Array("\r\n\r\n".utf8)
        let tokens = Array("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        let nameStatus = statusOf(start + Array("a".utf8) + [byte] + Array("b: c".utf8) + end)
        // A colon would end the name earlier, and the field would be valid.
        #expect((nameStatus == nil) == (tokens.contains(byte) || byte == UInt8(ascii: ":")))
        let valueStatus = statusOf(start + Array("a: b".utf8) + [byte] + Array("c".utf8) + end)
        #expect((valueStatus == nil) == (byte == 9 || (byte >= 32 && byte != 127)))
    }

    @Test(
        "exactly one good Host is needed in HTTP/1.1",
        arguments: [
            "X: y", "Host: a\r\nHost: a", "Host: a\r\nHost: b", "Host:", "Host: ", "Host: a b", "Host: a/b",
            "Host: a,b c",
            "Host: u@a", "Host: a:b", "Host: a:99999", "Host: a:-1", "Host: [::1", "Host: [zz]", "Host: []",
            "Host: [::1]x",
            "Host: a:1:2", "Host: \"a\"", "Host: a\\b", "Host: http://a", "Host: a?b", "Host: a#b", "Host: :80",
            "Host: ä",
        ]
    )
    func hostRefused(lines: String) {
        #expect(statusOf("GET / HTTP/1.1\r\n\(lines)\r\n\r\n") == 400)
    }

    @Test(
        "names, addresses and ports are valid hosts",
        arguments: [
            "a", "a.b-c_d", "127.0.0.1:8080", "[::1]", "[::ffff:1.2.3.4]:1", "a:", "a%20b", "localhost:65535", "xn--a",
        ]
    )
    func hostAccepted(host: String) {
        let server = TestServer()
        server.receive("GET / HTTP/1.1\r\nhOsT: \(host)\r\n\r\n")
        #expect(server.requests.first?.request.head.authority == host)
    }

    @Test("HTTP/1.0 may leave Host out, but not send a bad one or two")
    func hostInHTTP10() {
        #expect(statusOf("GET / HTTP/1.0\r\n\r\n") == nil)
        #expect(statusOf("GET / HTTP/1.0\r\nHost: a\r\n\r\n") == nil)
        #expect(statusOf("GET / HTTP/1.0\r\nHost: a b\r\n\r\n") == 400)
        #expect(statusOf("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400)
    }

    @Test("fields that concern this connection only don't reach the handler")
    func hopByHop() {
        let server = TestServer()
        let fields = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nTE: trailers\r\n"
        server.receive("GET / HTTP/1.1\r\nHost: a\r\n\(fields)Keep-Alive: 1\r\nAccept: b\r\n\r\n")
        #expect(server.log == ["request 1: GET|http|a|/|accept=b|"])
        #expect(!server.isHTTP2)
    }

    @Test("more bytes or fields than the limits are 431; exactly the limits are served")
    func limits() {
        var limits = HTTPLimits()
        limits.maxHeaderBytes = 200
        limits.maxHeaderFields = 5
        func status(_ fields: String) -> Int? { statusOf("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", limits: limits) }
        #expect(status(String(repeating: "X: y\r\n", count: 4)) == nil)
        #expect(status(String(repeating: "X: y\r\n", count: 5)) == 431)
        // The line of Host has nine bytes; "X: " and the line's end have five.
        #expect(status("X: \(String(repeating: "y", count: 200 - 9 - 5))\r\n") == nil)
        #expect(status("X: \(String(repeating: "y", count: 200 - 9 - 2))\r\n") == 431)
        #expect(statusOf("GET / HTTP/1.1\r\n" + String(repeating: "y", count: 300), limits: limits) == 431)
    }

    @Test("a HEAD request's error carries no body")
    func headError() {
        let server = TestServer()
        server.receive("HEAD / HTTP/1.1\r\n\r\n")
        #expect(server.text.hasPrefix("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: "))
        #expect(server.text.hasSuffix("\r\n\r\n"))
    }
}
