import Foundation
import HTTPProtocol
import HTTPServer
import Testing

extension HTTPServerSuite {
    @Suite struct CancellationTests {
        /// A server whose handler waits until it is cancelled, and counts that.
        private func makeServer(
            _ cancelled: Counter,
            configure: (inout HTTPServerConfiguration) -> Void = { _ in }
        ) throws -> TestServer {
            let handler = TestHandler(later: { _ in
                do { try await Task.sleep(for: .seconds(30)) } catch { cancelled.add() }
                return .text("")
            })
            return try TestServer(handler, configure: configure)
        }

        private func reaches(_ counter: Counter, _ value: Int) async -> Bool {
            for _ in 0..<300 where counter.value != value { try? await Task.sleep(for: .milliseconds(10)) }
            return counter.value == value
        }

        @Test("a reset cancels the task that works for it")
        func reset() async throws {
            let cancelled = Counter()
            let server = try makeServer(cancelled)
            try await server.client { client in
                client.get("/")
                usleep(50_000)
                client.resetOnClose()
            }
            #expect(await reaches(cancelled, 1))
            #expect(await server.reaches { $0.openConnections == 0 })
            #expect(server.statistics.cancelledRequests == 1)
            #expect(server.statistics.requestsInFlight == 0)
            await server.stop()
        }

        @Test("the request of a client that has gone without a reset is dropped after the grace")
        func gone() async throws {
            let cancelled = Counter()
            let server = try makeServer(cancelled) { $0.halfCloseGrace = .milliseconds(200) }
            try await server.client { client in client.get("/") }
            #expect(await reaches(cancelled, 1))
            #expect(await server.reaches { $0.openConnections == 0 })
            #expect(server.statistics.timeouts[.halfClose] == 1)
            await server.stop()
        }

        @Test("the server notices a client that goes with requests still in the pipeline, although it reads nothing")
        func goneWithPipeline() async throws {
            let cancelled = Counter()
            let server = try makeServer(cancelled) { $0.halfCloseGrace = .milliseconds(200) }
            try await server.client { client in
                _ = client.send(String(repeating: "GET / HTTP/1.1\r\nHost: test\r\n\r\n", count: 5_000))
            }
            #expect(await reaches(cancelled, 1))
            #expect(await server.reaches { $0.openConnections == 0 })
            await server.stop()
        }

        @Test("1,000 resets in every phase leave nothing behind")
        func resetStorm() async throws {
            let server = try TestServer(
                TestHandler(later: { request in
                    try? await Task.sleep(for: .milliseconds(1))
                    return .text(String(repeating: "x", count: 100_000))
                })
            )
            let port = server.port
            try await onThread {
                let beginnings = [
                    "", "GET", "GET / HTTP/1.1\r\nHost: test\r\n\r\n",
                    "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nxx",
                    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                ]
                for number in 0..<1_000 {
                    let client = try RawClient(port: port)
                    client.send(beginnings[number % beginnings.count])
                    if number % 7 == 0 { usleep(1_500) }
                    client.resetOnClose()
                }
            }
            #expect(await server.reaches { $0.openConnections == 0 })
            #expect(server.statistics.requestsInFlight == 0)
            #expect(server.statistics.outboundBytes == 0)
            #expect(server.statistics.inboundBytes == 0)
            let status = try await server.client { client in
                client.get("/")
                return try client.response().status
            }
            #expect(status == 200)
            await server.stop()
        }
    }
}
