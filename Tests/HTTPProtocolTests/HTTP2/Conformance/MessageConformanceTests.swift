import HTTPProtocol
import Testing

/// Requests and header compression: RFC 9113, 8, and RFC 7541, clause by clause.
@Suite("HTTP/2 requests are held to RFC 9113, 8, and RFC 7541")
struct MessageConformanceTests {
    private typealias H = HTTP2Frames

    private static let post = H.headers(1, H.postFields, ends: false)

    /// GET with these additional fields.
    private static func get(_ fields: (String, String)...) -> [UInt8] {
        H.headers(1, H.getFields + fields.flatMap { H.field($0.0, $0.1) })
    }

    /// A whole head of literal fields.
    private static func head(_ fields: (String, String)...) -> [UInt8] {
        H.headers(1, fields.flatMap { H.field($0.0, $0.1) })
    }

    /// POST with this length, and bodies in DATA frames of their own.
    private static func upload(_ length: String, _ bodies: [Int]) -> [UInt8] {
        var bytes = H.headers(1, H.postFields + H.field("content-length", length), ends: bodies.isEmpty)
        for (index, count) in bodies.enumerated() {
            bytes += H.data(1, [UInt8](repeating: 0x61, count: count), ends: index == bodies.count - 1)
        }
        return bytes
    }

    @Test("fields and trailers (8.1, 8.2)", arguments: fieldsCases)
    func fields(conformance: HTTP2Case) { conformance.check() }

    private static let fieldsCases: [HTTP2Case] = [
        HTTP2Case("8.1 trailers", .served(1), post, H.data(1, [0]), H.headers(1, H.field("x", "y"))),
        HTTP2Case("8.1 trailers right behind the head", .served(1), post, H.headers(1, H.field("x", "y"))),
        HTTP2Case(
            "8.1 a second head that does not end the stream",
            .streamError(.protocolError),
            post,
            H.headers(1, H.field("x", "y"), ends: false)
        ),
        HTTP2Case(
            "8.1 a pseudo-field in trailers",
            .streamError(.protocolError),
            post,
            H.headers(1, H.field(":path", "/"))
        ),
        HTTP2Case("8.1 a capital in trailers", .streamError(.protocolError), post, H.headers(1, H.field("X", "y"))),
        HTTP2Case(
            "8.2.2 connection-specific trailers",
            .streamError(.protocolError),
            post,
            H.headers(1, H.field("connection", "x"))
        ),
        HTTP2Case(
            "RFC 9110, 6.5.1: fields that have no place in trailers",
            .served(1),
            post,
            H.data(1, [1]),
            H.headers(
                1,
                H.field("authorization", "x") + H.field("content-type", "y") + H.field("content-encoding", "gzip")
                    + H.field("expect", "100-continue") + H.field("host", "b") + H.field("content-length", "1")
            )
        ),
        HTTP2Case(
            "8.1.1 a length in trailers that is not the body's",
            .streamError(.protocolError),
            post,
            H.data(1, [1]),
            H.headers(1, H.field("content-length", "5"))
        ),
        HTTP2Case("8.2.1 a capital in a name", .streamError(.protocolError), get(("X-Test", "y"))),
        HTTP2Case("8.2.1 a space in a name", .streamError(.protocolError), get(("x test", "y"))),
        HTTP2Case("8.2.1 a control character in a name", .streamError(.protocolError), get(("x\u{1}", "y"))),
        HTTP2Case("8.2.1 a colon in a name", .streamError(.protocolError), get(("x:y", "z"))),
        HTTP2Case("8.2.1 an empty name", .streamError(.protocolError), get(("", "y"))),
        HTTP2Case("8.2.1 a name beyond ASCII", .streamError(.protocolError), get(("\u{E4}", "y"))),
        HTTP2Case("8.2.1 NUL in a value", .streamError(.protocolError), get(("x", "a\u{0}b"))),
        HTTP2Case("8.2.1 LF in a value", .streamError(.protocolError), get(("x", "a\nb"))),
        HTTP2Case("8.2.1 CR in a value", .streamError(.protocolError), get(("x", "a\rb"))),
        HTTP2Case("8.2.1 a space before a value", .streamError(.protocolError), get(("x", " y"))),
        HTTP2Case("8.2.1 a tab behind a value", .streamError(.protocolError), get(("x", "y\t"))),
        HTTP2Case("8.2.1 an empty value", .served(1), get(("x", ""))),
        HTTP2Case("8.2.1 a value beyond ASCII", .served(1), get(("x", "\u{E4}"))),
        HTTP2Case("8.2.2 connection", .streamError(.protocolError), get(("connection", "keep-alive"))),
        HTTP2Case("8.2.2 keep-alive", .streamError(.protocolError), get(("keep-alive", "timeout=5"))),
        HTTP2Case("8.2.2 proxy-connection", .streamError(.protocolError), get(("proxy-connection", "keep-alive"))),
        HTTP2Case("8.2.2 transfer-encoding", .streamError(.protocolError), get(("transfer-encoding", "chunked"))),
        HTTP2Case("8.2.2 upgrade", .streamError(.protocolError), get(("upgrade", "h2c"))),
        HTTP2Case("8.2.2 te: trailers", .served(1), get(("te", "trailers"))),
        HTTP2Case("8.2.2 te: trailers, deflate", .streamError(.protocolError), get(("te", "trailers, deflate"))),
        HTTP2Case("8.2.3 several cookie fields", .served(1), get(("cookie", "a=b"), ("cookie", "c=d"))),
        HTTP2Case("8.1.1 a body as long as its length", .served(1), upload("5", [5])),
        HTTP2Case("8.1.1 a body in several frames", .served(1), upload("5", [2, 0, 3])),
        HTTP2Case("8.1.1 a body shorter than its length", .streamError(.protocolError), upload("5", [4])),
        HTTP2Case("8.1.1 a body longer than its length", .streamError(.protocolError), upload("5", [6])),
        HTTP2Case("8.1.1 frames shorter than the length", .streamError(.protocolError), upload("5", [2, 2])),
        HTTP2Case("8.1.1 frames longer than the length", .streamError(.protocolError), upload("5", [3, 3])),
        HTTP2Case("8.1.1 a length and no body", .streamError(.protocolError), upload("5", [])),
        HTTP2Case("8.1.1 a body of length 0", .streamError(.protocolError), upload("0", [1])),
        HTTP2Case("8.1.1 a length that is no number", .streamError(.protocolError), upload("x", [1])),
        HTTP2Case("8.1.1 a negative length", .streamError(.protocolError), upload("-1", [1])),
        HTTP2Case("8.1.1 a list of lengths", .streamError(.protocolError), upload("1, 1", [1])),
        HTTP2Case(
            "8.1.1 a body shorter than its length, with trailers",
            .streamError(.protocolError),
            H.headers(1, H.postFields + H.field("content-length", "5"), ends: false),
            H.data(1, [1]),
            H.headers(1, H.field("x", "y"))
        ),
        HTTP2Case(
            "8.1.1 two lengths",
            .streamError(.protocolError),
            get(("content-length", "0"), ("content-length", "0"))
        ),
    ]

    @Test("pseudo-fields (8.3)", arguments: pseudoFieldsCases)
    func pseudoFields(conformance: HTTP2Case) { conformance.check() }

    private static let (method, scheme) = ((":method", "GET"), (":scheme", "http"))
    private static let (authority, path) = ((":authority", "a"), (":path", "/"))

    private static let pseudoFieldsCases: [HTTP2Case] = [
        HTTP2Case("8.3 in any order", .served(1), head(path, authority, scheme, method)),
        HTTP2Case("8.3 an unknown one", .streamError(.protocolError), get((":test", "x"))),
        HTTP2Case("8.3 one of answers", .streamError(.protocolError), get((":status", "200"))),
        HTTP2Case(
            "8.3 one behind a field",
            .streamError(.protocolError),
            head(method, scheme, path, ("x", "y"), authority)
        ),
        HTTP2Case("8.3.1 no method", .streamError(.protocolError), head(scheme, authority, path)),
        HTTP2Case("8.3.1 no scheme", .streamError(.protocolError), head(method, authority, path)),
        HTTP2Case("8.3.1 no path", .streamError(.protocolError), head(method, scheme, authority)),
        HTTP2Case("8.3.1 an empty path", .streamError(.protocolError), head(method, scheme, authority, (":path", ""))),
        HTTP2Case("8.3.1 two methods", .streamError(.protocolError), head(method, method, scheme, authority, path)),
        HTTP2Case("8.3.1 two schemes", .streamError(.protocolError), head(method, scheme, scheme, authority, path)),
        HTTP2Case("8.3.1 two paths", .streamError(.protocolError), head(method, scheme, authority, path, path)),
        HTTP2Case(
            "8.3.1 two authorities",
            .streamError(.protocolError),
            head(method, scheme, authority, authority, path)
        ),
        HTTP2Case("8.3.1 host in place of the authority", .served(1), head(method, scheme, path, ("host", "a"))),
        HTTP2Case("8.3.1 the same host and authority", .served(1), get(("host", "a"))),
        HTTP2Case("8.3.1 another host than the authority", .refused, get(("host", "b"))),
        HTTP2Case("8.3.1 neither host nor authority", .streamError(.protocolError), head(method, scheme, path)),
        HTTP2Case(
            "8.3.1 user information in the authority",
            .refused,
            head(method, scheme, (":authority", "u@a"), path)
        ),
        HTTP2Case(
            "8.3.1 a path without a slash",
            .streamError(.protocolError),
            head(method, scheme, authority, (":path", "x"))
        ),
        HTTP2Case("8.3.1 a path with a fragment", .refused, head(method, scheme, authority, (":path", "/#x"))),
        HTTP2Case(
            "8.3.1 a path with a space",
            .streamError(.protocolError),
            head(method, scheme, authority, (":path", "/ x"))
        ),
        HTTP2Case("8.3.1 * for GET", .streamError(.protocolError), head(method, scheme, authority, (":path", "*"))),
        HTTP2Case("8.3.1 * for OPTIONS", .served(1), head((":method", "OPTIONS"), scheme, authority, (":path", "*"))),
        HTTP2Case(
            "8.3.1 a method that is no token",
            .streamError(.protocolError),
            head((":method", "G T"), scheme, authority, path)
        ),
        HTTP2Case(
            "8.3.1 an empty method",
            .streamError(.protocolError),
            head((":method", ""), scheme, authority, path)
        ),
        HTTP2Case(
            "8.5 CONNECT with a path",
            .streamError(.protocolError),
            head((":method", "CONNECT"), scheme, authority, path)
        ),
        HTTP2Case("8.5 CONNECT without an authority", .streamError(.protocolError), head((":method", "CONNECT"))),
        HTTP2Case("8.5 CONNECT", .refused, head((":method", "CONNECT"), (":authority", "a:1"))),
        HTTP2Case(
            "8.3.1 extended CONNECT",
            .streamError(.protocolError),
            head((":method", "CONNECT"), (":protocol", "x"), scheme, authority, path)
        ),
    ]

    /// Stores x: y in the table, above the authority.
    private static let stored = H.getFields + [0x40, 1, 0x78, 1, 0x79]

    @Test("header compression (RFC 7541)", arguments: compressionCases)
    func compression(conformance: HTTP2Case) { conformance.check() }

    private static let compressionCases: [HTTP2Case] = [
        HTTP2Case("2.3.2 a stored field is used", .served(2), H.headers(1, stored), H.headers(3, H.getFields + [0xBF])),
        HTTP2Case("2.3.3 index 0", .connectionError(.compression), H.headers(1, H.getFields + [0x80])),
        HTTP2Case(
            "2.3.3 an index beyond the tables",
            .connectionError(.compression),
            H.headers(1, H.getFields + [0xBF])
        ),
        HTTP2Case(
            "2.3.3 a name's index beyond the tables",
            .connectionError(.compression),
            H.headers(1, H.getFields + [0x7F, 0, 1, 0x79])
        ),
        HTTP2Case(
            "4.2 a size update behind a field",
            .connectionError(.compression),
            H.headers(1, H.getFields + [0x20])
        ),
        HTTP2Case("4.2 two size updates first", .served(1), H.headers(1, [0x20, 0x3F, 0xE1, 0x1F] + H.getFields)),
        HTTP2Case(
            "4.3 a size update empties the table",
            .connectionError(.compression),
            H.headers(1, stored),
            H.headers(3, [0x20] + H.getFields + [0xBE])
        ),
        HTTP2Case(
            "5.1 an integer without end",
            .connectionError(.compression),
            H.headers(1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
        ),
        HTTP2Case(
            "5.2 a string longer than the block",
            .connectionError(.compression),
            H.headers(1, H.getFields + [0, 1, 0x78, 9, 0x79])
        ),
        HTTP2Case(
            "5.2 Huffman padding of more than 7 bits",
            .connectionError(.compression),
            H.headers(1, H.getFields + [0, 1, 0x78, 0x82, 0x1F, 0xFF])
        ),
        HTTP2Case(
            "5.2 Huffman padding that is not of ones",
            .connectionError(.compression),
            H.headers(1, H.getFields + [0, 1, 0x78, 0x81, 0x18])
        ),
        HTTP2Case(
            "5.2 the end of string within a Huffman string",
            .connectionError(.compression),
            H.headers(1, H.getFields + [0, 1, 0x78, 0x84, 0xFF, 0xFF, 0xFF, 0xFF])
        ),
        HTTP2Case("5.2 a Huffman string", .served(1), H.headers(1, H.getFields + [0, 1, 0x78, 0x81, 0x1F])),
        HTTP2Case(
            "6.2.3 a field that is never indexed",
            .served(1),
            H.headers(1, H.getFields + [0x10, 1, 0x78, 1, 0x79])
        ),
        HTTP2Case(
            "6.3 a size above the one that we allow",
            .connectionError(.compression),
            H.headers(1, [0x3F, 0xE2, 0x1F] + H.getFields)
        ),
    ]

    @Test("the compression state goes on over a request that is refused (8.1.1)")
    func stateAfterRefusal() {
        let server = TestServer()
        // The capital letter makes the request malformed, but its field is in the table all the same.
        server.receive(H.start + H.headers(1, H.getFields + [0x40, 1, 0x78, 1, 0x79] + H.field("X", "y")))
        server.receive(H.headers(3, H.getFields + [0xBF]))
        #expect(server.resets == [1: 1] && server.log.last == "request 3: GET|http|a|/|x=y|")
    }

    @Test("an Upgrade to h2c is not taken: the request is served in HTTP/1.1 (3.1)")
    func upgrade() {
        let server = TestServer.echoing()
        server.receive(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        )
        #expect(server.text.hasPrefix("HTTP/1.1 200 OK\r\n") && !server.isFinished)
    }
}
