import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing
import Time

extension HTTPServerSuite {
    @Suite struct TimeLimitTests {
        private func seconds(_ work: () throws -> Void) rethrows -> Double {
            let start = Instant.now
            try work()
            return (Instant.now - start) / .seconds(1)
        }

        @Test("a head that drips is answered with 408 and closed, however steadily it drips")
        func slowHead() async throws {
            let server = try TestServer { $0.headTimeout = .milliseconds(300) }
            try await server.client { client in
                client.send("GET / HTTP/1.1\r\n")
                let dripping = Thread {
                    for _ in 0..<20 where client.send("X: y\r\n") { usleep(50_000) }
                }
                dripping.start()
                try #expect(client.response().status == 408)
                #expect(client.isClosedByServer())
            }
            #expect(server.statistics.timeouts[.head] == 1)
            await server.stop()
        }

        @Test("a body that drips is answered with 408 and closed")
        func slowBody() async throws {
            let server = try TestServer { $0.bodyTimeout = .milliseconds(300) }
            try await server.client { client in
                client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n")
                let dripping = Thread {
                    for _ in 0..<20 where client.send("x") { usleep(50_000) }
                }
                dripping.start()
                try #expect(client.response().status == 408)
                #expect(client.isClosedByServer())
            }
            #expect(server.statistics.timeouts[.body] == 1)
            await server.stop()
        }

        @Test("a steady client is never cut, though its requests together take longer than any limit")
        func steadyClient() async throws {
            let server = try TestServer {
                $0.headTimeout = .milliseconds(200)
                $0.bodyTimeout = .milliseconds(200)
                $0.idleTimeout = .milliseconds(200)
                $0.writeTimeout = .milliseconds(200)
            }
            try await server.client { client in
                for _ in 0..<12 {
                    client.send("POST / HTTP/1.1\r\nHost: test\r\n")
                    usleep(40_000)
                    client.send("Content-Length: 2\r\n\r\nx")
                    usleep(40_000)
                    client.send("x")
                    try #expect(client.response().status == 200)
                }
            }
            #expect(server.statistics.timeouts.values.allSatisfy { $0 == 0 })
            await server.stop()
        }

        @Test("an idle connection is closed in time, and not before")
        func idle() async throws {
            let server = try TestServer { $0.idleTimeout = .milliseconds(300) }
            let elapsed = try await server.client { client in
                client.get("/")
                try #expect(client.response().status == 200)
                return seconds { #expect(client.isClosedByServer()) }
            }
            #expect(elapsed > 0.25 && elapsed < 2)
            #expect(server.statistics.timeouts[.idle] == 1)
            await server.stop()
        }

        @Test("a client that does not read its answer is cut, and its waiting bytes are freed")
        func slowReader() async throws {
            // The answer is made beforehand, because in a debug build this takes seconds, which must not count as the
            // server's time.
            let answer = Response.text(String(repeating: "x", count: 16_000_000))
            let server = try TestServer(TestHandler(later: { _ in answer })) { $0.writeTimeout = .milliseconds(300) }
            let port = server.port
            let client = try await onThread {
                let client = try RawClient(port: port, receiveBuffer: 4096)
                client.get("/")
                return client
            }
            #expect(await server.reaches { $0.outboundBytes > 1_000_000 })
            #expect(await server.reaches { $0.openConnections == 0 })
            #expect(server.statistics.timeouts[.write] == 1)
            #expect(server.statistics.outboundBytes == 0)
            withExtendedLifetime(client) {}
            await server.stop()
        }

        @Test("a client that takes its answer too slowly is cut once answers fill the memory, though it goes on")
        func creepingReader() async throws {
            let handler = TestHandler(later: { _ in .text(String(repeating: "x", count: 200_000)) })
            let server = try TestServer(handler) {
                $0.writeTimeout = .milliseconds(300)
                $0.maxOutboundBytes = 262_144
            }
            let port = server.port
            let pieces = try await onThread {
                let client = try HTTP2Client(port: port, initialWindow: 0)
                client.get(1)
                var pieces = 0
                // Each read counts as progress, for twelve seconds.
                while pieces < 600 {
                    client.openWindow(1, by: 100)
                    guard (try? client.frames(through: .data))?.last?.kind == .data else { break }
                    pieces += 1
                    usleep(20_000)
                }
                return pieces
            }
            #expect(pieces < 600)
            #expect(await server.reaches { $0.outboundBytes == 0 && $0.openConnections == 0 })
            await server.stop()
        }

        @Test("a streamed answer goes only as far as its client reads")
        func streamedToSlowReader() async throws {
            let pieces = Counter()
            let handler = TestHandler(later: { _ in
                Response(
                    head: HTTPResponse(status: .ok),
                    body: .stream { pieces.add() <= 2_000 ? [UInt8](repeating: 120, count: 16_384) : nil }
                )
            })
            let server = try TestServer(handler)
            let port = server.port
            let client = try await onThread {
                let client = try RawClient(port: port, receiveBuffer: 4096)
                client.get("/")
                return client
            }
            try await Task.sleep(for: .milliseconds(500))
            let begun = pieces.value
            // Only as much was sent as the kernel's socket buffers and the low-water mark hold: far less than the whole
            // answer of 32 MB.
            #expect(begun > 1 && begun < 600)
            #expect(server.statistics.outboundBytes < 256 * 1024)
            let length = try await onThread { try client.response().body.utf8.count }
            #expect(length == 2_000 * 16_384)
            await server.stop()
        }
    }
}
