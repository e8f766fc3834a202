import HTTPProtocol
import HTTPTypes
import TestSupport
import Testing

@Suite("HTTP/1.1 is the same however its bytes are cut")
struct IncrementalTests {
    static let streams: [String] = [
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
            + "3;a=\"b\"\r\nabc\r\n1\r\nd\r\n0\r\nX: y\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n",
        "PRIX / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET http://b/c HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\nX",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nabc",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    ]

    static let mutationWords: [[UInt8]] = [
        "\r\n", "\n", "\r", " ", "\t", ":", "\0", "0\r\n\r\n", "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1", "Host: a\r\n", "Expect: 100-continue\r\n", ";a=b", "ffffffffffffffff",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ].map { Array($0.utf8) }

    private func transcript(_ parts: [[UInt8]]) -> [String] {
        let server = TestServer.echoing()
        for part in parts { server.receive(part) }
        return server.transcript
    }

    @Test("every cut in two gives the same events and the same output", arguments: streams)
    func twoPieces(stream: String) {
        let bytes = Array(stream.utf8)
        let whole = transcript([bytes])
        #expect(whole.count > 2)
        for cut in 0...bytes.count {
            #expect(transcript([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
    }

    @Test("byte by byte gives the same events and the same output", arguments: streams)
    func byteByByte(stream: String) {
        let bytes = Array(stream.utf8)
        #expect(transcript(bytes.map { [$0] }) == transcript([bytes]))
    }

    @Test("mutated streams never trap, never grow, and are the same in any pieces", arguments: 0..<40)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let stream = Self.streams.randomElement(using: &generator) ?? ""
            let bytes = mutated(Array(stream.utf8), using: &generator, dictionary: Self.mutationWords)
            let whole = transcript([bytes])
            #expect(transcript(pieces(of: bytes, using: &generator)) == whole, "\(bytes)")
            #expect(whole.reduce(0) { $0 + $1.utf8.count } < 4096 + 4 * bytes.count)
        }
    }

    @Test("a megabyte byte by byte, and a head of many small fields, take linear work")
    func linear() {
        let server = TestServer.echoing()
        let body = String(repeating: "a", count: 1 << 20)
        let clock = ContinuousClock()
        let time = clock.measure {
            for byte in "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(1 << 20)\r\n\r\n\(body)".utf8 {
                server.connection.receive([byte].span)
            }
            server.settle()
            for _ in 0..<50 {
                for byte in "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 98))\r\n".utf8 {
                    server.connection.receive([byte].span)
                }
                server.settle()
            }
        }
        #expect(server.requests.count == 51)
        // Quadratic work would be 10^12 steps. A debug build on a busy machine needs about a second.
        #expect(time < .seconds(60))
    }
}
