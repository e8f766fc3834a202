import HTTPProtocol
import HTTPServer
import HTTPTypes
import Synchronization
import Testing

extension HTTPServerSuite {
    @Suite struct JudgementTests {
        @Test("each request is judged once, by its head: before its body comes, or when it has none")
        func once() async throws {
            let heads = Heads()
            let server = try TestServer(
                TestHandler(hearsHead: { head, body in heads.add("\(head.path ?? "") \(body)") })
            )
            try await server.client { client in
                client.get("/none")
                try #expect(client.response().status == 200)
                client.post("/body", "hello")
                try #expect(client.response().status == 200)
                client.get("/empty", fields: "Content-Length: 0\r\n")
                try #expect(client.response().status == 200)
            }
            #expect(heads.all == ["/none none", "/body follows", "/empty none"])
            await server.stop()
        }

        @Test("a refusal by the head spares the body, and nothing is begun")
        func refused() async throws {
            let server = try TestServer(
                TestHandler(
                    atOnce: { _ in .text("begun") },
                    refused: { $0.path == "/closed" ? Response(status: .unauthorized, json: []) : nil }
                )
            )
            try await server.client { client in
                client.send("POST /closed HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n")
                try #expect(client.response().status == 401)
            }
            try await server.client { client in
                client.post("/open", "hello")
                try #expect(client.response().status == 200)
            }
            await server.stop()
        }
    }
}

/// What the handler heard, in order. Guard: the mutex.
private final class Heads: Sendable {
    private let heard = Mutex<[String]>([])

    var all: [String] { heard.withLock { $0 } }

    func add(_ text: String) { heard.withLock { $0.append(text) } }
}
