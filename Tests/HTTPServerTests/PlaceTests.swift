import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

extension HTTPServerSuite {
    /// More clients than places.
    @Suite struct PlaceTests {
        /// Health is answered at once; all else is work, and "/wait" waits for the gate.
        private static func handler(_ gate: Gate = Gate()) -> TestHandler {
            TestHandler(
                atOnce: { $0.head.path == "/health" ? .text("well") : nil },
                isWork: { $0.path != "/health" },
                later: { request in
                    if request.head.path == "/wait" { _ = await gate.wait() }
                    return .text("done")
                }
            )
        }

        private static func full(_ gate: Gate = Gate(), idle: Duration = .seconds(60)) throws -> TestServer {
            try TestServer(handler(gate)) {
                $0.maxConnections = 3
                $0.fullIdleTimeout = idle
            }
        }

        private static func status(_ client: RawClient, _ path: String) throws -> Int {
            client.get(path)
            return try client.response().status
        }

        @Test("for a new client the connection that has been idle for longest is closed, silent or used, and no other")
        func oldestLeaves() async throws {
            let server = try Self.full(idle: .milliseconds(50))
            let port = server.port
            try await onThread {
                let silent = try RawClient(port: port)
                usleep(20_000)
                let used = try RawClient(port: port)
                try #expect(Self.status(used, "/work") == 200)
                usleep(20_000)
                let latest = try RawClient(port: port)
                try #expect(Self.status(latest, "/work") == 200)
                // Used again: idle for a shorter time than the latest.
                try #expect(Self.status(used, "/work") == 200)
                usleep(200_000)
                let fourth = try RawClient(port: port)
                try #expect(Self.status(fourth, "/work") == 200)
                #expect(silent.isClosedByServer())
                let fifth = try RawClient(port: port)
                try #expect(Self.status(fifth, "/work") == 200)
                #expect(latest.isClosedByServer())
                try #expect(Self.status(used, "/work") == 200)
                try #expect(Self.status(fourth, "/work") == 200)
            }
            #expect(server.statistics.evictions[.full] == 2 && server.statistics.refusedConnections == 0)
            #expect(server.statistics.openConnections <= 3 && server.statistics.connectionLimit == 3)
            await server.stop()
            #expect(server.statistics.openConnections == 0)
        }

        @Test("an idle HTTP/2 connection that makes room is told so with GOAWAY")
        func goAway() async throws {
            let server = try Self.full(idle: .milliseconds(50))
            let port = server.port
            try await onThread {
                let multiplexed = try HTTP2Client(port: port)
                multiplexed.get(1)
                _ = try multiplexed.frames(through: .data, stream: 1)
                usleep(100_000)
                let others = try (0..<3).map { _ in try RawClient(port: port) }
                for client in others { try #expect(Self.status(client, "/work") == 200) }
                let frames = try multiplexed.frames(through: .goAway)
                let last = try #require(frames.last)
                #expect(last.kind == .goAway)
                // The last stream that was processed, and NO_ERROR.
                #expect(last.payload.prefix(8) == [0, 0, 0, 1, 0, 0, 0, 0])
                #expect(multiplexed.connection.isClosedByServer())
            }
            #expect(server.statistics.evictions[.full] == 1)
            await server.stop()
        }

        @Test("a request whose bytes have come is served, and its connection does not make room")
        func unreadRequests() async throws {
            var handler = Self.handler()
            handler.hearsHead = { head, _ in if head.path == "/block" { usleep(300_000) } }
            let server = try TestServer(handler) {
                $0.maxConnections = 3
                $0.fullIdleTimeout = .milliseconds(20)
            }
            let port = server.port
            try await onThread {
                let idle = try (0..<2).map { _ in try RawClient(port: port) }
                for client in idle { try #expect(Self.status(client, "/work") == 200) }
                let blocking = try RawClient(port: port)
                usleep(100_000)
                blocking.get("/block")
                usleep(50_000)
                // The loop reads none of these now, and then finds them all at once.
                let newcomers = try (0..<3).map { _ in try RawClient(port: port) }
                for client in newcomers + idle { client.get("/health") }
                for client in newcomers + idle { try #expect(client.response().status == 200) }
                try #expect(blocking.response().status == 200)
            }
            await server.stop()
        }

        @Test("when all are in use, questions about the service are answered and end the connection; work gets 503")
        func inUse() async throws {
            let gate = Gate()
            let server = try Self.full(gate)
            let port = server.port
            let clients = try await onThread {
                try (0..<3).map { _ in
                    let client = try RawClient(port: port)
                    client.get("/wait")
                    return client
                }
            }
            #expect(await server.reaches { $0.requestsInFlight == 3 })
            try await onThread {
                for _ in 0..<100 {
                    let probe = try RawClient(port: port)
                    probe.get("/health")
                    let response = try probe.response()
                    #expect(response.status == 200 && response.fields["connection"] == "close")
                    #expect(probe.isClosedByServer())
                }
                let refused = try RawClient(port: port)
                refused.get("/work")
                let response = try refused.response()
                #expect(response.status == 503 && response.fields["retry-after"] == "1")
                #expect(response.fields["connection"] == "close" && refused.isClosedByServer())
                let upload = try RawClient(port: port)
                upload.send("POST /work HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n")
                try #expect(upload.response().status == 503)
                let asking = try RawClient(port: port)
                asking.send("POST /health HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")
                try #expect(asking.response().status == 200)
            }
            #expect(server.statistics.refusals == [.full: 2, .address: 0, .exhausted: 0])
            gate.open()
            try await onThread { for client in clients { try #expect(client.response().status == 200) } }
            await server.stop()
            #expect(server.statistics.openConnections == 0 && server.statistics.reservedConnections == 0)
        }

        @Test("over HTTP/2 it is the same, and GOAWAY ends the connection")
        func inUseHTTP2() async throws {
            let gate = Gate()
            var handler = Self.handler(gate)
            // The client's one path is "/".
            handler.atOnce = { $0.head.path == "/" ? .text("well") : nil }
            handler.isWork = { $0.path != "/" }
            let server = try TestServer(handler) { $0.maxConnections = 1 }
            let port = server.port
            let client = try await onThread {
                let client = try RawClient(port: port)
                client.get("/wait")
                return client
            }
            #expect(await server.reaches { $0.requestsInFlight == 1 })
            try await onThread {
                let probe = try HTTP2Client(port: port)
                probe.get(1)
                let frames = try probe.frames(through: .data, stream: 1)
                // 0x88 is ":status: 200" in HPACK's static table.
                #expect(frames.contains { $0.kind == .headers && $0.payload.contains(0x88) }, "\(frames)")
                #expect(frames.contains { $0.kind == .goAway })
                // The end comes once the client has answered the PING behind that GOAWAY.
                let rest = try probe.frames(through: .reset)
                #expect(rest.allSatisfy { $0.kind == .goAway })
            }
            gate.open()
            try await onThread { try #expect(client.response().status == 200) }
            await server.stop()
        }

        @Test("a connection without a place gets one if another has left when its request comes, and keeps it")
        func gains() async throws {
            let server = try Self.full()
            let port = server.port
            try await onThread {
                var clients = try (0..<3).map { _ in try RawClient(port: port) }
                for client in clients { try #expect(Self.status(client, "/work") == 200) }
                let waiting = try RawClient(port: port)
                usleep(50_000)
                clients.removeLast()
                usleep(50_000)
                try #expect(Self.status(waiting, "/work") == 200)
                try #expect(Self.status(waiting, "/work") == 200)
                let refused = try RawClient(port: port)
                try #expect(Self.status(refused, "/work") == 503)
            }
            #expect(await server.reaches { $0.openConnections == 0 && $0.reservedConnections == 0 })
            await server.stop()
        }

        @Test("silent connections without a place get 503 after a moment, and never keep a probe out")
        func silent() async throws {
            let gate = Gate()
            let server = try TestServer(Self.handler(gate)) { $0.maxConnections = 1 }
            let port = server.port
            let first = try await onThread {
                let first = try RawClient(port: port)
                first.get("/wait")
                return first
            }
            #expect(await server.reaches { $0.requestsInFlight == 1 })
            try await onThread {
                // More than the connections without a place that a loop holds.
                let silent = try (0..<150).map { _ in try RawClient(port: port) }
                for _ in 0..<10 { try #expect(Self.status(RawClient(port: port), "/health") == 200) }
                for client in silent { try #expect(client.response().status == 503) }
            }
            #expect(server.statistics.refusals[.full] == 150)
            gate.open()
            try await onThread { try #expect(first.response().status == 200) }
            await server.stop()
        }

        @Test("several loops make room for each other's clients")
        func loops() async throws {
            let server = try TestServer(Self.handler()) {
                $0.maxConnections = 4
                $0.eventLoops = 3
                $0.fullIdleTimeout = .milliseconds(20)
            }
            let port = server.port
            try await onThread {
                var held: [RawClient] = []
                for _ in 0..<30 {
                    usleep(30_000)
                    var status = 0
                    for _ in 0..<20 where status != 200 {
                        let client = try RawClient(port: port)
                        status = try Self.status(client, "/work")
                        held.append(client)
                        if status != 200 { usleep(5_000) }
                    }
                    #expect(status == 200)
                }
            }
            await server.stop()
        }
    }
}
