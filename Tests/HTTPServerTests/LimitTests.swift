import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

extension HTTPServerSuite {
    @Suite struct LimitTests {
        @Test("a connection over the limit gets 503 with Retry-After; once another has closed, a new one is served")
        func connections() async throws {
            let server = try TestServer {
                $0.maxConnections = 3
                // The three stay, however slow the machine is.
                $0.fullIdleTimeout = .seconds(60)
            }
            let port = server.port
            try await onThread {
                var served = try (0..<3).map { _ in try RawClient(port: port) }
                for client in served {
                    client.get("/")
                    try #expect(client.response().status == 200)
                }
                for _ in 0..<10 {
                    let refused = try RawClient(port: port)
                    refused.get("/")
                    let response = try refused.response()
                    #expect(response.status == 503)
                    #expect(response.fields["retry-after"] == "1")
                    #expect(response.fields["connection"] == "close")
                    #expect(response.body.contains("too many connections"))
                }
                served.removeLast()
                usleep(100_000)
                let next = try RawClient(port: port)
                next.get("/")
                try #expect(next.response().status == 200)
            }
            #expect(server.statistics.refusedConnections == 10)
            await server.stop()
            #expect(server.statistics.openConnections == 0)
        }

        @Test("the answer to a body that is too large arrives, although the client first sends the whole body")
        func tooLarge() async throws {
            let server = try TestServer {
                $0.limits.maxBodyBytes = 1_000
                // Four megabytes take a while on a machine that runs the whole suite.
                $0.lingerTimeout = .seconds(30)
            }
            try await server.client { client in
                client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4000000\r\n\r\n")
                #expect(client.send(String(repeating: "x", count: 4_000_000)))
                try #expect(client.response().status == 413)
                #expect(client.isClosedByServer())
            }
            #expect(server.statistics.protocolErrors[.bodyTooLarge] == 1)
            await server.stop()
        }

        @Test("clients that do not read cost no more than the limit; other clients get 503, and health is answered")
        func outboundBytes() async throws {
            let handler = TestHandler(
                atOnce: { $0.head.path == "/health" ? .text("ok") : nil },
                later: { _ in .text(String(repeating: "x", count: 6_000_000)) }
            )
            let server = try TestServer(handler) { $0.maxOutboundBytes = 20_000_000 }
            let port = server.port
            let clients = try await onThread {
                try (0..<12).map { _ in
                    let client = try RawClient(port: port, receiveBuffer: 4096)
                    client.get("/")
                    return client
                }
            }
            #expect(await server.reaches { $0.overloadedRequests > 0 })
            #expect(server.statistics.outboundBytes < 20_500_000)
            let statuses = try await onThread {
                let client = try RawClient(port: port)
                client.get("/health")
                let health = try client.response().status
                return [health] + (try clients.map { try $0.response().status })
            }
            #expect(statuses[0] == 200)
            #expect(statuses.contains(503))
            #expect(statuses.dropFirst().contains(200))
            #expect(await server.reaches { $0.outboundBytes == 0 })
            await server.stop()
        }

        @Test("bodies over the limit for all connections are read one at a time or get 503, and the server recovers")
        func inboundBytes() async throws {
            let gate = Gate()
            let server = try TestServer(
                TestHandler(later: { request in
                    if request.body.count > 1 { _ = await gate.wait() }
                    return .text("\(request.body.count)")
                })
            ) { $0.maxInboundBytes = 3_000_000 }
            let port = server.port
            let body = String(repeating: "x", count: 1_000_000)
            let clients = try await onThread {
                try (0..<6).map { _ in
                    let client = try RawClient(port: port)
                    Thread { client.post("/", body) }.start()
                    return client
                }
            }
            #expect(await server.reaches { $0.inboundBytes >= 3_000_000 })
            try await Task.sleep(for: .milliseconds(300))
            // Only one read of each connection, and the body that is read on, may exceed the limit.
            #expect(server.statistics.inboundBytes < 3_000_000 + 6 * 64 * 1024 + 1_000_000)
            let refused = try await server.client { client in
                client.get("/")
                return try client.response().status
            }
            #expect(refused == 503)
            gate.open()
            let statuses = try await onThread { try clients.map { try $0.response().status } }
            #expect(statuses.contains(200))
            #expect(statuses.allSatisfy { $0 == 200 || $0 == 503 })
            #expect(await server.reaches { $0.inboundBytes == 0 })
            await server.stop()
        }
    }
}
