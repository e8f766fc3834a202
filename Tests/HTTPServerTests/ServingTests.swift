import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Testing

extension HTTPServerSuite {
    @Suite struct ServingTests {
        @Test("one connection carries many requests, each with a Date and the Server's name")
        func keepAlive() async throws {
            let server = try TestServer { $0.serverName = "swiftlet-test" }
            try await server.client { client in
                for number in 0..<50 {
                    client.post("/\(number)", "body")
                    let response = try client.response()
                    #expect(response.status == 200)
                    #expect(response.body == "/\(number)")
                    #expect(response.fields["date"]?.hasSuffix(" GMT") == true)
                    #expect(response.fields["server"] == "swiftlet-test")
                }
            }
            #expect(server.statistics.acceptedConnections == 1)
            #expect(server.statistics.requests == 50)
            await server.stop()
        }

        @Test("pipelined requests are answered in their order, however long each takes")
        func pipelining() async throws {
            let handler = TestHandler(
                atOnce: { $0.head.path == "/quick" ? .text("quick") : nil },
                later: { request in
                    try? await Task.sleep(for: .milliseconds(20))
                    return .text(request.head.path ?? "")
                }
            )
            let server = try TestServer(handler)
            try await server.client { client in
                client.send(
                    ["/a", "/quick", "/b", "/quick"].map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined()
                )
                for expected in ["/a", "quick", "/b", "quick"] {
                    try #expect(client.response().body == expected)
                }
            }
            await server.stop()
        }

        @Test("all requests of a pipeline of 10,000 are answered")
        func longPipeline() async throws {
            let server = try TestServer(TestHandler(atOnce: { _ in .text("ok") }))
            let port = server.port
            let answered = try await onThread {
                let client = try RawClient(port: port)
                let request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
                let sender = Thread { client.send(String(repeating: request, count: 10_000)) }
                sender.start()
                var answered = 0
                while answered < 10_000, try client.response().body == "ok" { answered += 1 }
                return answered
            }
            #expect(answered == 10_000)
            await server.stop()
        }

        @Test("HEAD gets the headers of GET and no body")
        func head() async throws {
            let server = try TestServer()
            try await server.client { client in
                client.send("HEAD /abc HTTP/1.1\r\nHost: test\r\n\r\nGET /next HTTP/1.1\r\nHost: test\r\n\r\n")
                let response = try client.response(isHead: true)
                #expect(response.fields["content-length"] == "4")
                try #expect(client.response().body == "/next")
            }
            await server.stop()
        }

        @Test("a client that finishes sending still gets its answer")
        func halfClose() async throws {
            let handler = TestHandler(later: { request in
                try? await Task.sleep(for: .milliseconds(100))
                return .text("late")
            })
            let server = try TestServer(handler)
            try await server.client { client in
                client.get("/")
                client.finishSending()
                try #expect(client.response().body == "late")
                #expect(client.isClosedByServer())
            }
            await server.stop()
        }

        @Test("a streamed answer arrives piece by piece, and one that fails is cut short, not ended")
        func streaming() async throws {
            struct Broken: Error {}
            let handler = TestHandler(later: { request in
                let count = Counter()
                let fails = request.head.path == "/broken"
                return Response(
                    head: HTTPResponse(status: .ok),
                    body: .stream {
                        let number = count.add()
                        if fails, number == 3 { throw Broken() }
                        return number <= 5 ? Array("piece \(number) ".utf8) : nil
                    }
                )
            })
            let server = try TestServer(handler)
            try await server.client { client in
                client.get("/")
                try #expect(client.response().body == "piece 1 piece 2 piece 3 piece 4 piece 5 ")
                client.get("/broken")
                #expect(throws: RawClientError.self) { try client.response() }
            }
            #expect(server.statistics.requestsInFlight == 0)
            await server.stop()
        }

        @Test("a unix socket serves as a port does, and is gone after the drain")
        func unixSocket() async throws {
            let path = NSTemporaryDirectory() + "swiftlet-server-\(UUID().uuidString.prefix(8)).sock"
            let server = try TestServer { $0.addresses = [.unix(path: path)] }
            #expect(server.addresses == [.unix(path: path)])
            let body = try await onThread {
                let client = try RawClient(path: path)
                client.get("/unix")
                return try client.response().body
            }
            #expect(body == "/unix")
            await server.stop()
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test("several loops share the listener, and all serve")
        func loops() async throws {
            let server = try TestServer { $0.eventLoops = 3 }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await server.client { client in
                            for _ in 0..<20 {
                                client.get("/x")
                                try #expect(client.response().body == "/x")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.statistics.requests == 240)
            await server.stop()
            #expect(server.statistics.openConnections == 0)
        }

        @Test("an address that cannot be used, and a second start, are typed errors")
        func startErrors() async throws {
            let server = try TestServer()
            let port = server.port
            let error = #expect(throws: HTTPServerError.self) {
                try TestServer { $0.addresses = [.tcp(host: "127.0.0.1", port: port)] }
            }
            #expect(error?.description.contains("Address already in use; choose another port") == true)
            #expect(throws: HTTPServerError.alreadyStarted) { try server.server.start() }
            #expect(throws: HTTPServerError.noAddress) { try TestServer { $0.addresses = [] } }
            await server.stop()
        }

        @Test("curl is served in both protocols on one port", arguments: ["--http1.1", "--http2-prior-knowledge"])
        func curl(version: String) async throws {
            let server = try TestServer(TestHandler(later: { .text("\($0.version.rawValue) \($0.body.count)") }))
            let url = "http://127.0.0.1:\(server.port)/"
            let body = String(repeating: "x", count: 200_000)
            let file = NSTemporaryDirectory() + "swiftlet-curl-\(UUID().uuidString.prefix(8))"
            try body.write(toFile: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: file) }
            // Each run makes one request, because curl 7.88 (Debian 12) with prior knowledge fails on the second
            // request of a connection.
            for _ in 0..<2 {
                let arguments = [version, "-s", "-m", "10", "--data-binary", "@\(file)", url]
                guard let output = try await Command.run("curl", arguments) else { break }
                #expect(output == (version == "--http1.1" ? "HTTP/1.1 200000" : "HTTP/2 200000"))
            }
            await server.stop()
        }
    }
}
