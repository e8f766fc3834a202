import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing
import Time

extension HTTPServerSuite {
    @Suite struct DrainTests {
        @Test("requests in work are answered, with Connection: close; idle connections close at once")
        func inFlight() async throws {
            let gate = Gate()
            let server = try TestServer(
                TestHandler(later: { request in
                    if request.head.path == "/wait" { _ = await gate.wait() }
                    return .text("done")
                })
            )
            let port = server.port
            let clients = try await onThread {
                let idle = try RawClient(port: port)
                idle.get("/")
                try #expect(idle.response().status == 200)
                let busy = try RawClient(port: port)
                busy.get("/wait")
                return [idle, busy]
            }
            #expect(await server.reaches { $0.requestsInFlight == 1 })
            async let result = server.stop(within: .seconds(10))
            #expect(try await onThread { clients[0].isClosedByServer() })
            gate.open()
            let response = try await onThread { try clients[1].response() }
            #expect(response.body == "done")
            #expect(response.fields["connection"] == "close")
            #expect(await result == DrainResult())
            #expect(throws: RawClientError.self) { try RawClient(port: port) }
        }

        @Test("an idle server stops within half a second")
        func quick() async throws {
            let server = try TestServer()
            try await server.client { client in
                client.get("/")
                _ = try client.response()
            }
            let start = Instant.now
            #expect(await server.stop().isComplete)
            #expect(Instant.now - start < .milliseconds(500))
            // A second call waits for the same end.
            #expect(await server.stop().isComplete)
        }

        @Test("requests that are left when the time is up are cut, counted and cancelled")
        func deadline() async throws {
            let cancelled = Counter()
            let server = try TestServer(
                TestHandler(later: { _ in
                    do { try await Task.sleep(for: .seconds(30)) } catch { cancelled.add() }
                    return .text("")
                })
            )
            let port = server.port
            let client = try await onThread {
                let client = try RawClient(port: port)
                client.get("/")
                return client
            }
            #expect(await server.reaches { $0.requestsInFlight == 1 })
            let result = await server.stop(within: .milliseconds(300))
            #expect(result == DrainResult(connectionsCut: 1, requestsCut: 1))
            #expect(!result.isComplete)
            for _ in 0..<100 where cancelled.value == 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(cancelled.value == 1)
            withExtendedLifetime(client) {}
        }

        @Test("under load no request whose connection was taken is lost", arguments: 0..<5)
        func underLoad(round: Int) async throws {
            let server = try TestServer(
                TestHandler(later: { request in
                    try? await Task.sleep(for: .milliseconds(Int.random(in: 0...3)))
                    return .text(request.head.path ?? "")
                })
            ) { $0.eventLoops = 2 }
            let port = server.port
            let answered = Counter()
            let lost = Counter()
            let clients = (0..<8).map { number in
                Task {
                    try await onThread {
                        // Clients with many requests and clients with one request take turns, until the server accepts
                        // no more connections.
                        while let client = try? RawClient(port: port) {
                            for request in 0..<(number % 2 == 0 ? 10_000 : 1) {
                                client.get("/\(request)")
                                guard let response = try? client.response() else {
                                    lost.add()
                                    break
                                }
                                #expect(response.body == "/\(request)")
                                answered.add()
                                if response.fields["connection"] == "close" { break }
                            }
                        }
                    }
                }
            }
            // Waits until all clients are busy, on a machine of any speed.
            while answered.value <= 50 { try await Task.sleep(for: .milliseconds(10)) }
            let result = await server.stop()
            for client in clients { try await client.value }
            #expect(result == DrainResult())
            #expect(lost.value == 0)
        }
    }
}
