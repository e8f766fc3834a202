import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

extension HTTPServerSuite {
    @Suite struct HTTP2ServingTests {
        private let big = Response.text(String(repeating: "x", count: 200_000))

        private func waits(_ counter: Counter, for value: Int) async -> Bool {
            for _ in 0..<500 where counter.value < value { try? await Task.sleep(for: .milliseconds(10)) }
            return counter.value == value
        }

        @Test("RST_STREAM cancels its request's task, and the connection's other streams go on")
        func resetStream() async throws {
            let (begun, cancelled) = (Counter(), Counter())
            let gate = Gate()
            let server = try TestServer(
                TestHandler(later: { _ in
                    begun.add()
                    if await !gate.wait() { cancelled.add() }
                    return .text("ok")
                })
            )
            let port = server.port
            let client = try await onThread {
                let client = try HTTP2Client(port: port)
                client.get(1)
                client.get(3)
                return client
            }
            #expect(await waits(begun, for: 2))
            client.reset(1)
            #expect(await waits(cancelled, for: 1))
            gate.open()
            let frames = try await onThread { try client.frames(through: .data) }
            #expect(frames.map(\.stream) == [3, 3])
            #expect(frames.last?.payload == Array("ok".utf8))
            #expect(server.statistics.cancelledRequests == 1)
            await server.stop()
        }

        @Test("a client that closes its side counts as disconnected at once: no HTTP/2 client half-closes")
        func end() async throws {
            let (begun, cancelled) = (Counter(), Counter())
            let server = try TestServer(
                TestHandler(later: { _ in
                    begun.add()
                    do { try await Task.sleep(for: .seconds(30)) } catch { cancelled.add() }
                    return .text("")
                })
            ) { $0.halfCloseGrace = .seconds(30) }
            let port = server.port
            let client = try await onThread {
                let client = try HTTP2Client(port: port)
                client.get(1)
                return client
            }
            #expect(await waits(begun, for: 1))
            client.connection.finishSending()
            #expect(await waits(cancelled, for: 1))
            #expect(await server.reaches { $0.openConnections == 0 })
            await server.stop()
        }

        @Test("a drain sends GOAWAY, answers the stream in work, and closes")
        func drain() async throws {
            let begun = Counter()
            let gate = Gate()
            let server = try TestServer(
                TestHandler(later: { _ in
                    begun.add()
                    _ = await gate.wait()
                    return .text("last")
                })
            )
            let port = server.port
            let client = try await onThread {
                let client = try HTTP2Client(port: port)
                client.get(1)
                return client
            }
            #expect(await waits(begun, for: 1))
            async let result = server.stop(within: .seconds(10))
            let notice = try await onThread { try client.frames(through: .goAway) }
            #expect(notice.last?.number == UInt32(Int32.max))
            gate.open()
            let rest = try await onThread {
                var frames: [HTTP2Frame] = []
                while let frame = try client.next() { frames.append(frame) }
                return frames
            }
            #expect(rest.contains { $0.kind == .goAway && $0.number == 1 })
            #expect(rest.contains { $0.kind == .data && $0.payload == Array("last".utf8) })
            #expect(await result == DrainResult())
        }

        @Test("a stream whose window stays shut is reset alone: a slow request beside it is answered")
        func shutWindowBesideOther() async throws {
            let big = big
            let requests = Counter()
            let server = try TestServer(
                TestHandler(
                    atOnce: { _ in requests.add() == 1 ? big : nil },
                    later: { _ in
                        try? await Task.sleep(for: .milliseconds(2_500))
                        return Response(head: HTTPResponse(status: .noContent), body: .bytes([]))
                    }
                )
            ) { $0.writeTimeout = .milliseconds(500) }
            let port = server.port
            let frames = try await onThread {
                let client = try HTTP2Client(port: port, initialWindow: 0)
                client.get(1)
                client.get(3)
                return try client.frames(through: .headers, stream: 3)
            }
            #expect(frames.contains { $0.kind == .reset && $0.stream == 1 })
            #expect(frames.last?.stream == 3)
            await server.stop()
        }

        @Test("a stream whose window stays shut is reset in time, though the connection is kept busy by PINGs")
        func shutWindow() async throws {
            let big = big
            let server = try TestServer(TestHandler(later: { _ in big })) { $0.writeTimeout = .milliseconds(500) }
            let port = server.port
            let frames = try await onThread {
                let client = try HTTP2Client(port: port, initialWindow: 0)
                client.get(1)
                let pinging = Thread {
                    for _ in 0..<40 {
                        client.send(HTTP2Frame(kind: .ping, payload: [UInt8](repeating: 1, count: 8)))
                        usleep(50_000)
                    }
                }
                pinging.start()
                return try client.frames(through: .reset, stream: 1)
            }
            #expect(frames.last?.kind == .reset)
            #expect(frames.contains { $0.kind == .ping })
            #expect(await server.reaches { $0.outboundBytes == 0 })
            await server.stop()
        }

        @Test("requests of a connection whose answers are not taken wait, and begin when they are")
        func parked() async throws {
            let begun = Counter()
            let big = big
            let server = try TestServer(
                TestHandler(later: { _ in
                    begun.add()
                    return big
                })
            ) { $0.maxOutboundBytesPerConnection = 300_000 }
            let port = server.port
            let client = try await onThread {
                let client = try HTTP2Client(port: port, initialWindow: 0)
                for stream in [1, 3] as [Int32] { client.get(stream) }
                return client
            }
            #expect(await server.reaches { $0.outboundBytes >= 400_000 })
            for stream in stride(from: 5 as Int32, through: 19, by: 2) { client.get(stream) }
            #expect(await server.reaches { $0.requests == 10 })
            try await Task.sleep(for: .milliseconds(50))
            #expect(begun.value == 2)
            let received = try await onThread {
                client.openWindow(0, by: 10_000_000)
                for stream in stride(from: 1 as Int32, through: 19, by: 2) { client.openWindow(stream, by: 1_000_000) }
                var bytes = 0
                while bytes < 2_000_000, let frame = try client.next() {
                    if frame.kind == .data { bytes += frame.payload.count }
                }
                return bytes
            }
            #expect(received == 2_000_000)
            #expect(begun.value == 10)
            await server.stop()
        }
    }
}
