import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import TLS
import TestSupport
import Testing

extension HTTPServerSuite {
    @Suite struct TLSServingTests {
        private let files: TestCertificate
        private let store: CertificateStore

        init() throws {
            files = try TestCertificate()
            store = try CertificateStore(certificate: files.certificate, key: files.key)
        }

        private func server(
            _ handler: TestHandler = TestHandler(),
            configure: (inout HTTPServerConfiguration) -> Void = { _ in }
        ) throws -> TestServer {
            try TestServer(handler) {
                $0.certificates = store
                configure(&$0)
            }
        }

        private static let get = "GET /path HTTP/1.1\r\nHost: localhost\r\n"

        @Test("curl is served by the protocol that ALPN chooses, and bodies of megabytes arrive whole both ways")
        func curl() async throws {
            let echo = TestHandler(later: { request in
                Response(head: HTTPResponse(status: .ok), body: .bytes(request.body))
            })
            let server = try server(echo)
            let upload = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: upload) }
            let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) })
            try bytes.write(to: upload)
            for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
                let download = upload.appendingPathExtension(version)
                defer { try? FileManager.default.removeItem(at: download) }
                guard
                    let output = try await Command.run(
                        "curl",
                        ["-s", option, "--cacert", files.certificate, "--data-binary", "@\(upload.path)"]
                            + ["-o", download.path, "-w", "%{http_version} %{http_code} %{ssl_verify_result}"]
                            + ["https://localhost:\(server.port)/"]
                    )
                else { return }
                #expect(output == "\(version) 200 0")
                try #expect(Data(contentsOf: download) == bytes)
            }
            #expect(server.statistics.tlsHandshakes == 2)
            #expect(server.statistics.tlsFailures == 0)
            await server.stop()
        }

        @Test("openssl finds TLS 1.2 and 1.3, tickets that resume, no TLS 1.1, and no protocol but ours")
        func openssl() async throws {
            let server = try server()
            let address = ["s_client", "-connect", "127.0.0.1:\(server.port)"]
            let tickets = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: tickets) }
            for version in ["-tls1_2", "-tls1_3"] {
                let first = ["-alpn", "http/1.1", "-sess_out", tickets.path, version]
                let input = Self.get + "Connection: close\r\n\r\n"
                guard let output = try await Command.run("openssl", address + first + ["-ign_eof"], input: input) else {
                    return
                }
                #expect(output.contains("ALPN protocol: http/1.1"))
                #expect(output.contains("HTTP/1.1 200 OK"))
                let again = try await Command.run("openssl", address + ["-sess_in", tickets.path, version])
                #expect(again?.contains("Reused, TLSv1.") == true)
            }
            let both = try await Command.run("openssl", address + ["-alpn", "http/1.1,h2"])
            #expect(both?.contains("ALPN protocol: h2") == true)
            let old = try await Command.run("openssl", address + ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
            #expect(old?.contains("Cipher is (NONE)") == true)
            let unknown = try await Command.run("openssl", address + ["-alpn", "spdy/3"])
            #expect(unknown?.contains("no peer certificate available") == true)
            #expect(await server.reaches { $0.tlsFailures == 2 })
            await server.stop()
        }

        @Test("HTTP/2 is ALPN's choice alone: its preface without it is refused as an unknown version")
        func priorKnowledge() async throws {
            let server = try server()
            let port = server.port
            let answer = try await onThread {
                let client = try SecureClient(port: port)
                client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                return client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 505 "))
            await server.stop()
        }

        @Test("plain HTTP gets the advice to use https, and other bytes that are no TLS are cut off; both are counted")
        func plainText() async throws {
            let server = try server()
            let port = server.port
            for method in ["GET", "POST", "OPTIONS", "PRI"] {
                let answer = try await onThread {
                    let client = try RawClient(port: port)
                    client.send("\(method) / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return try client.readToEnd()
                }
                #expect(answer.hasPrefix("HTTP/1.1 400 "))
                #expect(answer.contains("https://"))
            }
            for garbage in [[0, 1, 2, 3, 4, 5, 6, 7], [22, 3, 1, 0xFF, 0xFF, 1, 2, 3]] as [[UInt8]] {
                let rest = try await onThread {
                    let client = try RawClient(port: port)
                    client.send(garbage)
                    return try client.readToEnd()
                }
                // The rest is at most an alert.
                #expect(rest.utf8.count < 20)
            }
            #expect(server.statistics.tlsFailures == 6)
            #expect(await server.reaches { $0.openConnections == 0 })
            await server.stop()
        }

        @Test("a client that only checks whether the port is open is not counted as a failure")
        func portCheck() async throws {
            let server = try server()
            let port = server.port
            try await onThread { _ = try RawClient(port: port) }
            #expect(await server.reaches { $0.acceptedConnections == 1 && $0.openConnections == 0 })
            #expect(server.statistics.tlsFailures == 0)
            await server.stop()
        }

        @Test("a handshake that stalls, whether it has begun or not, is cut after its time")
        func handshakeTimeout() async throws {
            let server = try server { $0.handshakeTimeout = .milliseconds(200) }
            let port = server.port
            for beginning in [[], [22, 3, 1, 2, 0, 1]] as [[UInt8]] {
                let isClosed = try await onThread {
                    let client = try RawClient(port: port)
                    client.send(beginning)
                    return client.isClosedByServer()
                }
                #expect(isClosed)
            }
            #expect(await server.reaches { $0.timeouts[.handshake] == 2 && $0.openConnections == 0 })
            #expect(server.statistics.tlsFailures == 2)
            await server.stop()
        }

        @Test("a client that finishes sending still gets its answer, and then the server's own end")
        func halfClose() async throws {
            let slow = TestHandler(later: { _ in
                try? await Task.sleep(for: .milliseconds(100))
                return .text("late")
            })
            let server = try server(slow)
            let port = server.port
            let answer = try await onThread {
                let client = try SecureClient(port: port)
                client.send(Self.get + "\r\n")
                client.finishSending()
                return client.readToEnd()
            }
            #expect(answer.hasSuffix("\r\n\r\nlate"))
            await server.stop()
        }

        @Test("a reload gives new connections the new certificate, spares the old ones, and survives a broken file")
        func reload() async throws {
            let server = try server()
            let port = server.port
            let old = try await onThread {
                let client = try SecureClient(port: port)
                client.send(Self.get + "\r\n")
                _ = client.receive()
                return HandedOver(client)
            }
            let formerCertificate = try String(contentsOfFile: files.certificate, encoding: .utf8)
            try files.renew(name: "renewed")
            try store.reload()
            let trusted = files.certificate
            try await onThread { _ = try SecureClient(port: port, trusting: .file(trusted)) }
            try "broken".write(toFile: files.key, atomically: true, encoding: .utf8)
            #expect(throws: TLSError.self) { try store.reload() }
            try await onThread { _ = try SecureClient(port: port, trusting: .file(trusted)) }
            try formerCertificate.write(toFile: files.certificate, atomically: true, encoding: .utf8)
            await #expect(throws: SecureClient.HandshakeFailure.self) {
                try await onThread { _ = try SecureClient(port: port, trusting: .file(trusted)) }
            }
            let answer = try await onThread {
                old.value.send(Self.get + "Connection: close\r\n\r\n")
                return old.value.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            await server.stop()
        }

        @Test("a unix socket in addition to a TLS port has no TLS")
        func unixSocket() async throws {
            let path = NSTemporaryDirectory() + "swiftlet-\(UUID().uuidString.prefix(8)).sock"
            let server = try server { $0.addresses.append(.unix(path: path)) }
            let response = try await onThread {
                let client = try RawClient(path: path)
                client.get("/plain")
                return try client.response()
            }
            #expect(response.body == "/plain")
            await server.stop()
        }

        @Test("a drain answers requests in work, ends idle connections in order, and waits for no handshake")
        func drain() async throws {
            let gate = Gate()
            let handler = TestHandler(later: { _ in
                _ = await gate.wait()
                return .text("worked")
            })
            let server = try server(handler)
            let port = server.port
            async let worked = onThread {
                let client = try SecureClient(port: port)
                client.send(Self.get + "\r\n")
                return client.readToEnd()
            }
            async let idle = onThread { try SecureClient(port: port).readToEnd() }
            async let silent = onThread { try RawClient(port: port).isClosedByServer() }
            #expect(await server.reaches { $0.requestsInFlight == 1 && $0.openConnections == 3 })
            async let result = server.stop(within: .seconds(10))
            #expect(await server.reaches { $0.openConnections == 1 })
            gate.open()
            let (answer, rest, isClosed, drained) = try await (worked, idle, silent, result)
            #expect(answer.hasSuffix("worked"))
            #expect(rest.isEmpty)
            #expect(isClosed)
            #expect(drained == DrainResult())
        }
    }
}

/// Holds a value that one thread uses after another.
private struct HandedOver<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
