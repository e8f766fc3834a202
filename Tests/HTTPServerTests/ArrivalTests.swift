import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Synchronization
import TLS
import TestSupport
import Testing

extension HTTPServerSuite {
    /// Requests that wait in their sockets while the loop does something else.
    @Suite struct ArrivalTests {
        /// A handler that holds up the loop at "/hold", and notes how long other requests were unread.
        private func holdingHandler(_ noted: Noted) -> TestHandler {
            TestHandler(
                atOnce: { request in
                    guard request.head.path == "/hold" else { return nil }
                    usleep(300_000)
                    return .text("held")
                },
                hearsArrival: { request, arrival in
                    if request.head.path != "/hold" { noted.add(arrival.unread) }
                }
            )
        }

        @Test("the time that a request waits unread counts from its arrival")
        func unread() async throws {
            let noted = Noted()
            let server = try TestServer(holdingHandler(noted))
            let port = server.port
            try await server.client { holder in
                let waiting = try RawClient(port: port)
                waiting.get("/first")
                _ = try waiting.response()
                holder.get("/hold")
                usleep(100_000)
                waiting.get("/second")
                // A connection that is not accepted yet.
                let new = try RawClient(port: port)
                new.get("/third")
                _ = try waiting.response()
                _ = try new.response()
            }
            #expect(noted.values.count == 3)
            let waits = noted.values.dropFirst()
            #expect(waits.allSatisfy { $0 > .milliseconds(100) && $0 < .seconds(10) }, "\(waits)")
            await server.stop()
        }

        @Test("the time that a client waits for its handshake counts for the request behind it, and for no later one")
        func handshake() async throws {
            let files = try TestCertificate()
            let store = try CertificateStore(certificate: files.certificate, key: files.key)
            let noted = Noted()
            let server = try TestServer(holdingHandler(noted)) { $0.certificates = store }
            let port = server.port
            try await onThread {
                let holder = try SecureClient(port: port)
                holder.send("GET /hold HTTP/1.1\r\nHost: test\r\n\r\n")
                usleep(100_000)
                let new = try SecureClient(port: port)
                for _ in 0..<2 {
                    new.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                    #expect(new.receive().hasPrefix("HTTP/1.1 200"))
                }
            }
            let waits = noted.values
            try #require(waits.count == 2)
            #expect(
                waits[0] > .milliseconds(100) && waits[0] < .seconds(10) && waits[1] < .milliseconds(100),
                "\(waits)"
            )
            await server.stop()
        }

        @Test("a request that was pipelined behind another one arrives when that one is answered")
        func pipelined() async throws {
            let noted = Noted()
            var handler = TestHandler(
                hearsArrival: { _, arrival in noted.add(arrival.unread) },
                later: { _ in
                    try? await Task.sleep(for: .milliseconds(300))
                    return .text("")
                }
            )
            handler.timeLimit = .milliseconds(2_000)
            let server = try TestServer(handler)
            try await server.client { client in
                client.send(String(repeating: "GET / HTTP/1.1\r\nHost: test\r\n\r\n", count: 3))
                for _ in 0..<3 { try #expect(client.response().status == 200) }
            }
            #expect(noted.values.allSatisfy { $0 < .milliseconds(250) }, "\(noted.values)")
            await server.stop()
        }

        @Test("an answer that is ready after its request's time is replaced by 504")
        func tooLate() async throws {
            let replaced = Noted()
            let record = TestRecord()
            var handler = TestHandler(
                hearsRefusal: { refusal, _ in
                    if refusal.replaced === record { replaced.add(.zero) }
                },
                later: { _ in
                    try? await Task.sleep(for: .milliseconds(100))
                    var response = Response.text("late")
                    response.record = record
                    return response
                }
            )
            handler.timeLimit = .milliseconds(20)
            let server = try TestServer(handler)
            try await server.client { client in
                client.get("/")
                try #expect(client.response().status == 504)
            }
            #expect(replaced.values.count == 1)
            await server.stop()
        }
    }

    /// Durations that were noted on other threads.
    private final class Noted: Sendable {
        private let durations = Mutex<[Duration]>([])

        var values: [Duration] { durations.withLock { $0 } }

        func add(_ duration: Duration) { durations.withLock { $0.append(duration) } }
    }

    private final class TestRecord: AnswerRecord {
        func began(status: Int, bytes: Int, isComplete: Bool) {}
        func continued(bytes: Int, isComplete: Bool) {}
    }
}
