import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

extension HTTPServerSuite {
    /// Attacks over sockets: the attacker's connection is ended, and no other client is harmed.
    @Suite struct AttackTests {
        /// Whether another client is served during the attack.
        private func isServing(_ server: TestServer) async throws -> Bool {
            try await server.client { client in
                client.get("/")
                return try client.response().status == 200
            }
        }

        /// Whether nothing is left of the attack.
        private func hasRecovered(_ server: TestServer) async -> Bool {
            await server.reaches {
                $0.openConnections == 0 && $0.requestsInFlight == 0 && $0.outboundBytes == 0 && $0.inboundBytes == 0
            }
        }

        @Test(
            "a request that is hidden in another is never handled, and its connection is closed",
            arguments: [
                "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n",
                "Content-Length: 0\r\nContent-Length: 40\r\n\r\n", "Content-Length: 0, 40\r\n\r\n",
                "Content-Length: +0\r\n\r\n", "X: y\nContent-Length: 0\r\n\r\n", "Content-Length: 0\n\r\n\r\n",
                "X: y\r\n Content-Length: 40\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
                "Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
                "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
            ]
        )
        func smuggling(fields: String) async throws {
            let handled = Counter()
            let handler = TestHandler(later: { request in
                if request.head.path == "/smuggled" { handled.add() }
                return .text("")
            })
            let server = try TestServer(handler)
            let answers = try await server.client { client in
                client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\n\(fields)GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
                )
                return try client.readToEnd()
            }
            #expect(answers.hasPrefix("HTTP/1.1 400 ") && answers.components(separatedBy: "HTTP/1.1 ").count == 2)
            #expect(handled.value == 0)
            await server.stop()
        }

        @Test("slow heads and bodies on 100 connections delay no other client, and each is cut with 408")
        func slowloris() async throws {
            let server = try TestServer {
                $0.headTimeout = .milliseconds(500)
                $0.bodyTimeout = .milliseconds(500)
            }
            let port = server.port
            let statuses = try await onThread { () -> [Int] in
                let other = try RawClient(port: port)
                let slow = try (0..<100).map { number -> RawClient in
                    let client = try RawClient(port: port)
                    let body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
                    client.send(number.isMultiple(of: 2) ? "GET / HTTP/1.1\r\n" : body)
                    return client
                }
                for _ in 0..<30 {
                    for client in slow { client.send("x") }
                    other.get("/")
                    guard try other.response().status == 200 else { return [] }
                    usleep(20_000)
                }
                return try slow.map { try $0.response().status }
            }
            #expect(statuses == Array(repeating: 408, count: 100))
            #expect(server.statistics.timeouts[.head] == 50 && server.statistics.timeouts[.body] == 50)
            #expect(await hasRecovered(server))
            await server.stop()
        }

        @Test("a client that says only that it speaks HTTP/2, or half of it, is closed in time")
        func silentPreface() async throws {
            let server = try TestServer { $0.headTimeout = .milliseconds(300) }
            for beginning in ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM"] {
                _ = try await server.client { client in
                    client.send(beginning)
                    return try client.readToEnd()
                }
            }
            #expect(server.statistics.timeouts[.head] == 2)
            #expect(await hasRecovered(server))
            await server.stop()
        }

        @Test("endless lines, fields and extensions are cut off while they are still small")
        func bombs() async throws {
            let server = try TestServer()
            let bombs: [(start: String, piece: String, status: Int)] = [
                ("GET /", "a", 414), ("GET / HTTP/1.1\r\nX: ", "y", 431), ("GET / HTTP/1.1\r\n", "X: y\r\n", 431),
                ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a", 400),
                ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1;abc\r\nx\r\n", 400),
                ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", 431),
            ]
            for bomb in bombs {
                let status = try await server.client { client in
                    client.send(bomb.start)
                    client.send(String(repeating: bomb.piece, count: 100_000 / bomb.piece.utf8.count))
                    return try client.response().status
                }
                #expect(status == bomb.status, "\(bomb.start)")
            }
            #expect(await hasRecovered(server))
            await server.stop()
        }

        @Test("garbage gets one answer at most, and leaves nothing behind")
        func garbage() async throws {
            let server = try TestServer()
            let port = server.port
            let answers = try await onThread { () -> [Int] in
                try (0..<64).map { seed -> Int in
                    let client = try RawClient(port: port)
                    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
                    client.send(
                        (0..<20_000).map { _ -> UInt8 in
                            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                            return UInt8(state >> 56)
                        }
                    )
                    client.finishSending()
                    let text = (try? client.readToEnd()) ?? ""
                    return text.components(separatedBy: "HTTP/1.1 ").count - 1
                }
            }
            #expect(answers.allSatisfy { $0 <= 1 })
            #expect(try await isServing(server))
            #expect(await hasRecovered(server))
            await server.stop()
        }

        /// Frames that cost their sender nothing, each kind with a name.
        enum Flood: String, CaseIterable, Sendable {
            case rapidReset, ping, settings, continuation, windowUpdate, priority, emptyData

            /// The frames of one round.
            func frames(_ round: Int32) -> [HTTP2Frame] {
                let head: [UInt8] = [0x82, 0x86, 0x84, 0x41, 1, 0x61]
                let stream = 2 * round + 1
                switch self {
                case .rapidReset:
                    let whole = HTTP2Frame.endHeaders | HTTP2Frame.endStream
                    return [
                        HTTP2Frame(kind: .headers, flags: whole, stream: stream, payload: head),
                        HTTP2Frame(kind: .reset, stream: stream, payload: HTTP2Frame.number(8)),
                    ]
                case .ping: return [HTTP2Frame(kind: .ping, payload: [UInt8](repeating: 0, count: 8))]
                case .settings: return [HTTP2Frame(kind: .settings, payload: [0, 4] + HTTP2Frame.number(100))]
                case .continuation:
                    let kind: HTTP2Frame.Kind = round == 0 ? .headers : .continuation
                    return [HTTP2Frame(kind: kind, stream: 1, payload: round == 0 ? head : [0, 1, 0x78, 1, 0x79])]
                case .windowUpdate: return [HTTP2Frame(kind: .windowUpdate, payload: HTTP2Frame.number(1))]
                case .priority: return [HTTP2Frame(kind: .priority, stream: 1, payload: [0, 0, 0, 3, 15])]
                case .emptyData:
                    guard round == 0 else { return [HTTP2Frame(kind: .data, stream: 1)] }
                    let post = [0x83] + head.dropFirst()
                    return [HTTP2Frame(kind: .headers, flags: HTTP2Frame.endHeaders, stream: 1, payload: post)]
                }
            }
        }

        @Test(
            "a flood of HTTP/2 frames ends its connection with GOAWAY, and cancels what it asked for",
            arguments: Flood.allCases
        )
        func flood(_ flood: Flood) async throws {
            let handler = TestHandler(later: { request in
                if request.version == .http2 { try? await Task.sleep(for: .seconds(30)) }
                return .text("")
            })
            let server = try TestServer(handler)
            let port = server.port
            let code = try await onThread { () -> UInt8? in
                let client = try HTTP2Client(port: port)
                for round in 0..<Int32(3_000) { for frame in flood.frames(round) { client.send(frame) } }
                let last = try client.frames(through: .goAway).last
                return last?.kind == .goAway ? last?.payload.last : nil
            }
            // ENHANCE_YOUR_CALM. libnghttp2's own limits end in other codes.
            #expect(code != nil && code != 0)
            #expect(try await isServing(server))
            #expect(await hasRecovered(server))
            await server.stop()
        }
    }
}
