import HTTPProtocol
import HTTPTypes
import Testing

/// Sends one request. Returns the status with which the protocol itself answers; nil when the request was accepted.
func statusOf(_ input: String, limits: HTTPLimits = HTTPLimits()) -> Int? {
    statusOf(Array(input.utf8), limits: limits)
}

func statusOf(_ input: [UInt8], limits: HTTPLimits = HTTPLimits()) -> Int? {
    let server = TestServer(limits: limits)
    server.receive(input)
    guard server.requests.isEmpty else { return nil }
    guard let line = server.text.split(separator: "\r\n").last(where: { $0.hasPrefix("HTTP/1.1 ") }) else { return 0 }
    // Every error ends the connection.
    #expect(server.isFinished)
    #expect(server.text.contains("Connection: close\r\n"))
    return Int(line.dropFirst(9).prefix(3))
}

@Suite("HTTP/1.1 request lines (RFC 9112, 2.2 and 3)")
struct RequestLineTests {
    @Test(
        "a well-formed request line gives method, authority and path",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET|http|a|/||"),
            ("POST /embed?x=1&y=%20 HTTP/1.1\r\nHost: a:8080\r\n\r\n", "POST|http|a:8080|/embed?x=1&y=%20||"),
            ("GET /a;b=c,d/@:!$&'()*+~-._ HTTP/1.1\r\nHost: a\r\n\r\n", "GET|http|a|/a;b=c,d/@:!$&'()*+~-._||"),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET|http|a|/||"),
            ("GET / HTTP/1.0\r\n\r\n", "GET|http|-|/||"),
            ("get / HTTP/1.1\r\nHost: a\r\n\r\n", "get|http|a|/||"),
            ("M-SEARCH!#$ / HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH!#$|http|a|/||"),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS|http|a|*||"),
            ("GET http://b/c?d HTTP/1.1\r\nHost: b\r\n\r\n", "GET|http|b|/c?d||"),
            ("GET HTTPS://b:1/c HTTP/1.1\r\nHost: B:1\r\n\r\n", "GET|https|b:1|/c||"),
            ("GET http://b?d HTTP/1.1\r\nHost: b:80\r\n\r\n", "GET|http|b|/?d||"),
            ("GET http://b HTTP/1.1\r\nHost: b\r\n\r\n", "GET|http|b|/||"),
            ("OPTIONS http://b HTTP/1.1\r\nHost: b\r\n\r\n", "OPTIONS|http|b|*||"),
            ("GET http://b/ HTTP/1.0\r\n\r\n", "GET|http|b|/||"),
        ]
    )
    func accepted(input: String, summary: String) {
        let server = TestServer()
        server.receive(input)
        #expect(server.log == ["request 1: \(summary)"])
    }

    @Test(
        "a request line that two readers could read in two ways is refused",
        arguments: [
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
            ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("GET\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\rHost: a\r\n\r\n", 400),
            ("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("\u{16}\u{3}\u{1}", 400),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GÉT / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("(GET) / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (String(repeating: "A", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ]
    )
    func refused(input: String, status: Int) {
        #expect(statusOf(input) == status)
    }

    @Test(
        "a target that isn't a path, a URI of this server or * is refused",
        arguments: [
            "x", "/ä", "/a#b", "/a\u{7F}", "/a\u{0}", "/a\u{1B}", "/%", "/%4", "/%zz", "/a\\b", "/<a>", "/a\"b",
            "/{a}", "/a|b", "/a^b", "/a`b", "/[a]", "*", "*/", "a:1", "http://", "http:///a", "http://u@h/", "ftp://h/",
            "http:/h/", "http://h:x/", "http://h:70000/", "http\u{1A}//h/", "//\u{80}", "?a",
        ]
    )
    func targetRefused(target: String) {
        #expect(statusOf("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n") == 400)
    }

    @Test("a control character or a byte above ASCII is refused anywhere in a target", arguments: 0...255)
    func targetBytes(byte: Int) {
        let server = TestServer()
        server.receive(Array("GET /a".utf8) + [UInt8(byte)] + Array("b HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        let allowed = Array("!$&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~".utf8)
        #expect(server.requests.isEmpty != allowed.contains(UInt8(byte)))
    }

    @Test(
        "only HTTP/1.x is served: another version is 505, what is no version 400",
        arguments: [
            ("HTTP/2.0", 505), ("HTTP/0.9", 505), ("HTTP/3.0", 505), ("HTTP/9.9", 505),
            ("HTTP/1.", 400), ("HTTP/1", 400), ("HTTP/11.1", 400), ("HTTP/1.10", 400), ("http/1.1", 400),
            ("HTTP/1,1", 400), ("HTTP/ 1.1", 400), ("HTTPS/1.1", 400), ("HTTP/+1.1", 400), ("HTTP/1.x", 400),
            ("X", 400),
        ]
    )
    func versions(version: String, status: Int) {
        #expect(statusOf("GET / \(version)\r\nHost: a\r\n\r\n") == status)
    }

    @Test("a target over its limit is 414; a target at the limit is served")
    func targetLimit() {
        var limits = HTTPLimits()
        limits.maxTargetBytes = 100
        let atLimit = "/" + String(repeating: "a", count: 99)
        #expect(statusOf("GET \(atLimit) HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == nil)
        #expect(statusOf("GET \(atLimit)a HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == 414)
        #expect(statusOf("GET /" + String(repeating: "a", count: 400), limits: limits) == 414)
        #expect(statusOf(String(repeating: "A", count: 100_000), limits: limits) == 414)
    }

    @Test("a minor version above 1.1 is served as 1.1 (RFC 9110, 2.5)", arguments: ["HTTP/1.2", "HTTP/1.9"])
    func higherMinorVersion(version: String) {
        let server = TestServer.echoing()
        server.receive("GET / \(version)\r\nHost: a\r\n\r\n")
        #expect(server.text.hasPrefix("HTTP/1.1 200 OK\r\n") && !server.isFinished)
    }

    @Test("the authority of an absolute target counts, not Host (RFC 9112, 3.2.2)", arguments: ["c", "b:81", "b."])
    func hostIgnored(host: String) {
        let server = TestServer()
        server.receive("GET http://b/ HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(server.log == ["request 1: GET|http|b|/||"])
    }

    @Test(
        "a request with an absolute target still needs one valid Host",
        arguments: ["", "Host: a b\r\n", "Host: a\r\nHost: a\r\n"]
    )
    func hostStillNeeded(fields: String) {
        #expect(statusOf("GET http://b/ HTTP/1.1\r\n\(fields)\r\n") == 400)
    }

    @Test(
        "every byte value before a request gives an answer or waits, and never more than one answer",
        arguments: 0...255
    )
    func firstByte(byte: Int) {
        let server = TestServer()
        server.receive([UInt8(byte)] + Array("ET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        let answers = server.text.components(separatedBy: "HTTP/1.1 ").count - 1
        #expect(server.requests.count + answers == 1)
    }
}

extension String {
    /// The parts between separators, including empty ones.
    func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
