import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

extension HTTPServerSuite {
    /// Requests that are refused as an equal one was a moment before.
    @Suite struct RepeatedRefusalTests {
        private let judged = Counter()
        private let counted = Counter()

        /// A handler that refuses all work but "/served", and holds up the loop at "/hold" so that requests gather.
        private func handler() -> TestHandler {
            TestHandler(
                atOnce: { [counted] request in
                    switch request.head.path {
                    case "/served": return .text(String(decoding: request.body, as: UTF8.self))
                    case "/hold":
                        usleep(100_000)
                        return .text("held")
                    default:
                        var response = Response(status: .tooManyRequests, json: Array("\"full\"".utf8))
                        response.repeatable = RepeatableRefusal(
                            response,
                            for: .queue,
                            ages: .zero..<Duration.seconds(60),
                            indifferent: [],
                            count: { _, bytes in counted.add(bytes) }
                        )
                        return response
                    }
                },
                hearsArrival: { [judged] request, _ in if request.head.path == "/refused" { judged.add() } }
            )
        }

        @Test("many connections get one refusal each, and go on; only the first request is parsed")
        func manyConnections() async throws {
            let server = try TestServer(handler())
            let port = server.port
            try await server.client { holder in
                let clients = try (0..<20).map { _ in try RawClient(port: port) }
                for round in 1...3 {
                    holder.post("/hold", "")
                    usleep(30_000)
                    for (number, client) in clients.enumerated() {
                        client.post("/refused", String(repeating: "x", count: 1 + number))
                    }
                    try #expect(holder.response().body == "held")
                    for client in clients {
                        let response = try client.response()
                        #expect(response.status == 429)
                        #expect(response.body == "\"full\"")
                        #expect(response.fields["date"]?.hasSuffix(" GMT") == true)
                    }
                    for client in clients {
                        client.post("/served", "round \(round)")
                        try #expect(client.response().body == "round \(round)")
                    }
                }
            }
            // A slow machine may let a refusal expire.
            #expect(judged.value >= 3 && judged.value < 40, "\(judged.value)")
            let repeated = server.statistics.repeatedRefusals[.queue] ?? 0
            #expect(repeated == 60 - judged.value)
            #expect(server.statistics.requests == 60 + 60 + 3)
            if judged.value == 3 { #expect(counted.value > 0) }
            await server.stop()
        }

        @Test("pipelined requests keep their order among refusals")
        func pipelined() async throws {
            let server = try TestServer(handler())
            try await server.client { client in
                let refused = "POST /refused HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx"
                let served = "POST /served HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nok"
                client.send(refused)
                try #expect(client.response().status == 429)
                client.send(refused + served + refused + refused + served)
                for status in [429, 200, 429, 429, 200] { try #expect(client.response().status == status) }
                client.send(refused)
                try #expect(client.response().status == 429)
            }
            await server.stop()
        }

        @Test("a body in pieces is read, and refused by its head")
        func pieces() async throws {
            let server = try TestServer(handler())
            try await server.client { client in
                for _ in 0..<5 {
                    for piece in ["POST /refused HTTP/1.1\r\nHost: te", "st\r\nContent-Length: 3\r\n\r\n", "ab", "c"] {
                        client.send(piece)
                        usleep(500)
                    }
                    try #expect(client.response().status == 429)
                }
                client.post("/served", "still")
                try #expect(client.response().body == "still")
            }
            await server.stop()
        }

        /// POST with a body, by entries of HPACK's static table and literals.
        private static func post(_ path: String, _ body: String, _ stream: Int32, on client: HTTP2Client) {
            let fields = [0x83, 0x86, 0x04, UInt8(path.utf8.count)] + Array(path.utf8) + [0x01, 1, UInt8(ascii: "a")]
            let flags = HTTP2Frame.endHeaders
            client.send(HTTP2Frame(kind: .headers, flags: flags, stream: stream, payload: fields))
            let end = HTTP2Frame.endStream
            client.send(HTTP2Frame(kind: .data, flags: end, stream: stream, payload: Array(body.utf8)))
        }

        @Test("streams of HTTP/2 are refused by their heads, each once")
        func http2() async throws {
            let server = try TestServer(handler())
            let port = server.port
            try await onThread {
                let client = try HTTP2Client(port: port)
                for stream in stride(from: Int32(1), to: 41, by: 2) {
                    Self.post(stream == 21 ? "/served" : "/refused", "body", stream, on: client)
                }
                var bodies: [Int32: [UInt8]] = [:]
                while bodies.count < 20, let frame = try client.next() {
                    if frame.kind == .data { bodies[frame.stream, default: []] += frame.payload }
                }
                #expect(bodies.count == 20)
                for (stream, body) in bodies {
                    #expect(body == Array((stream == 21 ? "body" : "\"full\"").utf8), "\(stream)")
                }
            }
            #expect(server.statistics.requests == 20)
            await server.stop()
        }
    }
}
