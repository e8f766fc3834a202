import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("What is logged of a request")
struct AccessRecordTests {
    private final class Log: Sendable {
        let entries = Mutex<[AccessEntry]>([])
    }

    private let log = Log()

    private func record(_ fields: HTTPFields = [:], method: HTTPRequest.Method = .post) -> AccessRecord {
        let head = HTTPRequest(
            method: method,
            scheme: "http",
            authority: "a",
            path: "/embed?q=secret",
            headerFields: fields
        )
        let request = Request(head: head, version: .http2, body: Array("the secret text".utf8))
        return AccessRecord(request, Arrival(client: "192.0.2.7")) { [log] entry in
            log.entries.withLock { $0.append(entry) }
        }
    }

    private var entries: [AccessEntry] { log.entries.withLock { $0 } }

    private func members(_ entry: AccessEntry) throws -> [String: JSONValue] {
        let line = entry.line(at: Date(timeIntervalSince1970: 0))
        #expect(line.last == 0x0A && line.filter { $0 == 0x0A }.count == 1)
        guard case .object(let object) = try JSONParser.parse(line.dropLast()) else { return [:] }
        return Dictionary(uniqueKeysWithValues: object.members.map { ($0.key, $0.value) })
    }

    @Test("is one entry with the sent status and bytes, once the answer is complete")
    func complete() throws {
        let record = record()
        record.note {
            $0.usage = Usage(tokens: 9, inputLengths: [4, 5], truncatedInputs: 1, queueTime: .milliseconds(2))
        }
        record.began(status: 200, bytes: 100, isComplete: false)
        record.continued(bytes: 11, isComplete: false)
        #expect(entries.isEmpty)
        record.continued(bytes: 0, isComplete: true)
        let members = try members(#require(entries.first))
        #expect(members["status"] == .number("200") && members["bytes_out"] == .number("111"))
        #expect(members["bytes_in"] == .number("15") && members["client"] == .string("192.0.2.7"))
        #expect(members["protocol"] == .string("HTTP/2") && members["method"] == .string("POST"))
        #expect(members["inputs"] == .number("2") && members["tokens"] == .number("9"))
        #expect(members["truncated"] == .number("1") && members["queue_ms"] == .number("2.0"))
        #expect(members["route"] == .string("other") && members["broken_off"] == nil)
    }

    @Test("is one entry all the same when the client goes before the answer, or in the middle of it")
    func goneClients() throws {
        _ = record()
        #expect(entries.map(\.status) == [499] && !entries[0].isBrokenOff)
        record().began(status: 200, bytes: 7, isComplete: false)
        #expect(entries.map(\.status) == [499, 200] && entries[1].isBrokenOff && entries[1].bytesOut == 7)
        let finished = record()
        finished.began(status: 503, bytes: 1, isComplete: true)
        finished.continued(bytes: 1, isComplete: true)
        #expect(entries.count == 3)
    }

    @Test("has the client's names for it, which the answer repeats")
    func names() throws {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let record = record([.requestID: "abc-1", .traceParent: parent])
        let response = record.stamped(Response(status: .ok, json: []))
        #expect(response.head.headerFields[.requestID] == "abc-1")
        #expect(response.head.headerFields[.traceParent] == parent)
        record.began(status: 200, bytes: 0, isComplete: true)
        let members = try members(#require(entries.first))
        #expect(members["request_id"] == .string("abc-1") && members["traceparent"] == .string(parent))
        #expect(members["trace_id"] == .string("0af7651916cd43dd8448eb211c80319c"))
    }

    @Test("never has a client's own text: no path, query, body or unknown method, and no field that is not a name")
    func noText() throws {
        let method = try #require(HTTPRequest.Method("SECRET"))
        let record = record(
            [.requestID: "secret with spaces", .traceParent: "secret", .userAgent: "secret"],
            method: method
        )
        record.began(status: 404, bytes: 0, isComplete: true)
        let line = String(decoding: try #require(entries.first).line(at: Date()), as: UTF8.self)
        #expect(!line.lowercased().contains("secret"))
        #expect(line.contains(#""method":"other""#))
    }

    @Test("is one line for an error of a route that answers at once: 503 of /health/ready while the model loads")
    func statusRoutes() async throws {
        let pipe = Pipe()
        let writer = LogWriter(capacity: 1 << 16, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let handler = ServiceHandler(accessLog: AccessLog(scope: .all, writer: writer))
        let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/health/ready")
        do {
            let answer = await handler.answer(to: Request(head: head, version: .http11, body: []), Arrival())
            #expect(answer.head.status == 503)
            answer.record?.began(status: answer.head.status.code, bytes: 0, isComplete: true)
        }
        await writer.close(within: .seconds(30))
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            .split(separator: "\n")
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains(#""status":503"#) == true && lines.first?.contains("Unhealthy") == true)
    }

    @Test(
        "is left out as far as the setting says",
        arguments: [
            (LogSettings.AccessScope.all, 3), (.errors, 2), (.off, 0),
        ]
    )
    func scopes(scope: LogSettings.AccessScope, lines: Int) async throws {
        let pipe = Pipe()
        let writer = LogWriter(capacity: 1 << 16, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let log = AccessLog(scope: scope, writer: writer)
        log.write(AccessEntry(status: 200))
        log.write(AccessEntry(status: 429))
        log.write(AccessEntry(status: 200, isBrokenOff: true))
        await writer.close(within: .seconds(30))
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text.split(separator: "\n").count == lines)
    }
}
