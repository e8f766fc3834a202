import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Synchronization
import Testing

/// The calls that records have got, in order.
private final class Notes: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }
    func add(_ text: String) { texts.withLock { $0.append(text) } }
}

private final class TestRecord: AnswerRecord {
    private let notes: Notes
    init(_ notes: Notes) { self.notes = notes }

    deinit { notes.add("gone") }

    func began(status: Int, bytes: Int, isComplete: Bool) {
        notes.add("\(status) \(bytes)\(isComplete ? " complete" : "")")
    }
    func continued(bytes: Int, isComplete: Bool) { notes.add("+\(bytes)\(isComplete ? " complete" : "")") }
}

extension HTTPServerSuite {
    @Suite struct AnswerRecordTests {
        private let notes = Notes()

        private func recorded(_ response: Response) -> Response {
            var response = response
            response.record = TestRecord(notes)
            return response
        }

        private func reaches(_ expected: [String]) async -> Bool {
            for _ in 0..<500 where notes.all != expected { try? await Task.sleep(for: .milliseconds(10)) }
            return notes.all == expected
        }

        @Test("an answer's record is told of it before the answer can be read, and is then released")
        func whole() async throws {
            let notes = notes
            let server = try TestServer(
                TestHandler(
                    atOnce: { [self] in $0.head.path == "/now" ? recorded(.text("12345")) : nil },
                    later: { [self] _ in recorded(.text("1234567")) }
                )
            )
            try await server.client { client in
                client.get("/now")
                try #expect(client.response().status == 200)
                #expect(notes.all.first == "200 5 complete")
                client.get("/later")
                try #expect(client.response().status == 200)
                #expect(notes.all.contains("200 7 complete"))
            }
            #expect(await reaches(["200 5 complete", "gone", "200 7 complete", "gone"]))
            await server.stop()
        }

        @Test("a streamed answer's record is told of each piece and of the end")
        func streamed() async throws {
            let pieces = Counter()
            let server = try TestServer(
                TestHandler(later: { [self] _ in
                    let pull: @Sendable () async -> [UInt8]? = { pieces.add() <= 2 ? [1, 2, 3] : nil }
                    return recorded(Response(head: HTTPResponse(status: .ok), body: .stream(pull)))
                })
            )
            try await server.client { client in
                client.get("/")
                try #expect(client.response().status == 200)
            }
            #expect(await reaches(["200 0", "+3", "+3", "+0 complete", "gone"]))
            await server.stop()
        }

        @Test("a record is released without an end when the client goes before the answer or in the middle of it")
        func brokenOff() async throws {
            let gate = Gate()
            let server = try TestServer(
                TestHandler(later: { [self] request in
                    if request.head.path == "/wait" {
                        _ = await gate.wait()
                        return recorded(.text("late"))
                    }
                    let pull: @Sendable () async -> [UInt8]? = { await gate.wait() ? nil : nil }
                    return recorded(Response(head: HTTPResponse(status: .ok), body: .stream(pull)))
                })
            )
            try await server.client { client in
                client.get("/wait")
                usleep(50_000)
                client.resetOnClose()
            }
            #expect(await reaches(["gone"]))
            try await server.client { client in
                client.get("/stream")
                usleep(50_000)
                client.resetOnClose()
            }
            #expect(await reaches(["gone", "200 0", "gone"]))
            await server.stop()
        }

        @Test(
            "each refusal of the server itself is told once, with the client's address, and the handler's fields are sent"
        )
        func refusals() async throws {
            let notes = notes
            let server = try TestServer(
                TestHandler(hearsRefusal: { refusal, request in
                    notes.add("\(refusal.status) \(refusal.arrival.client ?? "-") \(request == nil)")
                })
            ) {
                $0.maxConnections = 1
                $0.fullIdleTimeout = .seconds(60)
            }
            let port = server.port
            try await onThread {
                let first = try RawClient(port: port)
                first.get("/", fields: "Content-Length: x\r\n")
                let response = try first.response()
                #expect(response.status == 400 && response.fields["x-handler"] == "yes")
                #expect(response.fields["content-type"] == "application/json" && response.fields["date"] != nil)
            }
            #expect(await server.reaches { $0.openConnections == 0 })
            try await onThread {
                let first = try RawClient(port: port)
                first.get("/")
                try #expect(first.response().status == 200)
                let refused = try RawClient(port: port)
                refused.get("/")
                let response = try refused.response()
                #expect(response.status == 503 && response.fields["x-handler"] == "yes")
            }
            #expect(notes.all == ["400 127.0.0.1 true", "503 127.0.0.1 true"])
            await server.stop()
        }
    }
}
