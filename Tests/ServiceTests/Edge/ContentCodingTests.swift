import Compression
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

@testable import Service

@Suite("Content codings")
struct ContentCodingTests {
    private let coding = ContentCoding(minimumBytes: 100, maxBodyBytes: 10_000)

    private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        var compressor = try GzipCompressor()
        return try compressor.add(bytes, isLast: true)
    }

    private static func head(_ fields: HTTPFields, _ method: HTTPRequest.Method = .post) -> HTTPRequest {
        HTTPRequest(method: method, scheme: "http", authority: "a", path: "/", headerFields: fields)
    }

    private static func json(_ count: Int) -> Response {
        .json([UInt8](repeating: UInt8(ascii: "1"), count: count))
    }

    @Test(
        "gzip is for those who take it and do not prefer none",
        arguments: [
            ("gzip", true), ("gzip, deflate, br", true), ("x-gzip", true), ("GZIP;Q=0.5", true), ("*", true),
            ("br;q=1, gzip;q=0.2, identity;q=0.1", true), ("identity;q=0.5, *;q=0.5", true), ("gzip ; q=1.000", true),
            ("", false), ("identity", false), ("br, deflate", false), ("gzip;q=0", false), ("*;q=0", false),
            ("gzip;q=0.4, identity;q=0.5", false), ("gzip;q=nonsense", false), ("gzip;q=", false),
            ("gzip;level=1", false), ("*;q=1, gzip;q=0", false), ("gzipped", false),
        ]
    )
    func acceptance(value: String, isAccepted: Bool) {
        #expect(ContentCoding.acceptsGzip([.acceptEncoding: value]) == isAccepted)
    }

    @Test("an answer is compressed from its least size on, and says so, and that it depends on the request")
    func answers() throws {
        let asks = Self.head([.acceptEncoding: "gzip"])
        var response = Self.json(100)
        coding.encode(&response, for: asks, isOnLoop: false)
        #expect(response.head.headerFields[.contentEncoding] == "gzip")
        #expect(response.head.headerFields[.vary] == "Accept-Encoding")
        guard case .bytes(let bytes) = response.body else {
            Issue.record("not in one piece")
            return
        }
        try #expect(bytes.decompressed(as: .gzip, limit: 1000) == [UInt8](repeating: UInt8(ascii: "1"), count: 100))

        var plain = Self.json(100)
        coding.encode(&plain, for: Self.head([:]), isOnLoop: false)
        #expect(plain.head.headerFields[.contentEncoding] == nil)
        #expect(plain.head.headerFields[.vary] == "Accept-Encoding")
    }

    @Test("HEAD gets the fields of a GET, and no length if a coding changes it", arguments: ["gzip", "identity"])
    func headOnly(_ accepted: String) async throws {
        let (get, head) = (Self.head([.acceptEncoding: accepted], .get), Self.head([.acceptEncoding: accepted], .head))
        var (full, bare) = (Self.json(1000), Self.json(1000))
        coding.encode(&full, for: get, isOnLoop: true)
        coding.encode(&bare, for: head, isOnLoop: true)
        #expect(bare.head == full.head)
        guard accepted == "gzip" else { return }
        guard case .stream(let pull) = bare.body else {
            Issue.record("a length would be sent")
            return
        }
        #expect(try await pull() == nil)
    }

    @Test(
        "an answer that is small, not text or already coded stays as it is, and so does every answer if compression is off"
    )
    func untouched() throws {
        let asks = Self.head([.acceptEncoding: "gzip"])
        var binary = Self.json(1000)
        binary.head.headerFields[.contentType] = "application/octet-stream"
        var coded = Self.json(1000)
        coded.head.headerFields[.contentEncoding] = "gzip"
        for response in [Self.json(99), binary, coded] {
            var result = response
            coding.encode(&result, for: asks, isOnLoop: false)
            #expect(result.head == response.head)
        }
        var result = Self.json(1000)
        ContentCoding(minimumBytes: nil, maxBodyBytes: 1).encode(&result, for: asks, isOnLoop: false)
        #expect(result.head.headerFields[.contentEncoding] == nil)
    }

    @Test("a streamed answer is compressed as it goes, and one made on the event loop only later")
    func streams() async throws {
        let asks = Self.head([.acceptEncoding: "gzip"])
        let pieces = (0..<50).map { number in [UInt8](repeating: UInt8(number), count: 3000) }
        let source = Pieces(pieces)
        var streamed = Response.json([])
        streamed.body = .stream { await source.next() }
        coding.encode(&streamed, for: asks, isOnLoop: false)
        var late = Self.json(5000)
        coding.encode(&late, for: asks, isOnLoop: true)
        let ones = [UInt8](repeating: UInt8(ascii: "1"), count: 5000)
        for (response, expected) in [(streamed, Array(pieces.joined())), (late, ones)] {
            guard case .stream(let pull) = response.body else {
                Issue.record("not streamed")
                continue
            }
            var bytes: [UInt8] = []
            while let piece = try await pull() { bytes += piece }
            try #expect(bytes.decompressed(as: .gzip, limit: 1_000_000) == expected)
        }
    }

    @Test("requests are read in gzip, deflate or none")
    func requests() throws {
        let text = Array("hello".utf8)
        // zlib.compress(b"hello") of Python.
        let deflated: [UInt8] = [120, 156, 203, 72, 205, 201, 201, 7, 0, 6, 44, 2, 21]
        let gzip = try Self.gzip(text)
        for (name, body) in [("gzip", gzip), ("X-GZip", gzip), ("deflate", deflated), ("identity", text)] {
            let request = Request(head: Self.head([.contentEncoding: name]), body: body)
            try #expect(coding.body(of: request, coding.coding(of: request.head.headerFields)) == text)
        }
        try #expect(coding.body(of: Request(head: Self.head([:]), body: text), nil) == text)
    }

    @Test("a bomb is too large, a cut body or one that is not gzip is malformed, and other codings are not supported")
    func refusals() throws {
        let bomb = try Self.gzip([UInt8](repeating: 0, count: 1_000_000))
        for (name, body, status) in [
            ("gzip", bomb, 413), ("gzip", Array(bomb.prefix(20)), 400), ("gzip", Array("hello".utf8), 400),
            ("gzip", [], 400), ("br", [], 415), ("gzip, gzip", [], 415), ("deflate, gzip", [], 415),
        ] as [(String, [UInt8], Int)] {
            let request = Request(head: Self.head([.contentEncoding: name]), body: body)
            let error = #expect(throws: ServiceError.self) {
                try coding.body(of: request, coding.coding(of: request.head.headerFields))
            }
            #expect(error?.status == status)
            #expect((error?.fields[.acceptEncoding] != nil) == (status == 415))
        }
    }
}

/// Returns its pieces one by one.
private actor Pieces {
    private var rest: ArraySlice<[UInt8]>
    init(_ pieces: [[UInt8]]) { rest = pieces[...] }
    func next() -> [UInt8]? { rest.popFirst() }
}
