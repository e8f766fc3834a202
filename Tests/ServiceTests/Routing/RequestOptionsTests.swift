import Batching
import Compression
import HTTPProtocol
import HTTPTypes
import JSON
import TestSupport
import Testing
import Time
import Tokenization

@testable import Inference
@testable import Service

@Suite("A request's deadline and priority", .timeLimit(.minutes(10)))
struct RequestOptionsTests {
    private func field(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var fields = HTTPFields()
        fields[name] = value
        return fields
    }

    @Test("come from the header, else from the settings")
    func values() throws {
        let now = Instant.now
        let given = try RequestOptions(field(.requestTimeout, "250"), received: now, timeout: .seconds(60))
        #expect(given == RequestOptions(deadline: now + .milliseconds(250), priority: .high, received: now))
        let settings = try RequestOptions(field(.requestPriority, "LOW"), received: now, timeout: .seconds(60))
        #expect(settings == RequestOptions(deadline: now + .seconds(60), priority: .low, received: now))
        #expect(try RequestOptions([:], received: now, timeout: nil).deadline == nil)
    }

    @Test(
        "are refused where they cannot be, by 400 with the field's name",
        arguments: ["", "0", "-1", "1.5", "1e3", "0x10", "ten", "86400001", "99999999999999999999", "5, 6"]
    )
    func nonsense(value: String) async throws {
        for (name, path) in [(HTTPField.Name.requestTimeout, "/embed"), (.requestPriority, "/tokenize")] {
            let answer = try await TestService.bundled()
                .send("POST", path, #"{"inputs": "a"}"#, fields: field(name, value))
            #expect(answer.status == 400 && answer.text.contains("\(name)"), "\(answer.text)")
        }
    }

    @Test("limit every route that works: 504 with the type Timeout", arguments: ["/embed", "/embed_all", "/classify"])
    func deadline(path: String) async throws {
        let texts = Array(repeating: #""\#(String(repeating: "dull ", count: 60))""#, count: 200)
        let body = #"{"inputs": [\#(texts.joined(separator: ","))]}"#
        // The test has its own service: behind other tests' texts, this request would be refused before it waits.
        let inference = InferenceService(
            model: try LoadedModel(directory: ModelFolder.bundled),
            configuration: .patient(workers: 1)
        )
        try await inference.warmUp()
        let answer = try await TestService(inference).send("POST", path, body, fields: field(.requestTimeout, "1"))
        await inference.shutDown()
        #expect(answer.status == 504 && answer.text.contains(#""error_type":"Timeout""#), "\(answer.text)")
    }

    /// Bodies of about 8 MB that take seconds to read, with the routes that read them.
    enum LongBody: String, CaseIterable {
        case lists, objects, escapes, ids, rootTexts, inputIDs

        var path: String {
            switch self {
            case .lists, .objects, .escapes: "/embed"
            case .ids: "/decode"
            case .rootTexts: "/"
            case .inputIDs: "/v1/embeddings"
            }
        }

        var bytes: [UInt8] {
            switch self {
            case .lists: Self.body(#"{"inputs":["#, "[],", 2_700_000, "[]]}")
            case .objects: Self.body(#"{"inputs":["#, #"{"a":1},"#, 1_000_000, "0]}")
            case .escapes: Self.body(#"{"inputs":""#, #"\u00e9"#, 1_300_000, #""}"#)
            case .ids: Self.body(#"{"ids":["#, "1012,", 1_600_000, "1012]}")
            case .rootTexts: Self.body(#"{"inputs":["#, #""a","#, 2_000_000, #""a"]}"#)
            case .inputIDs: Self.body(#"{"input":["#, "12,", 2_700_000, "1]}")
            }
        }

        private static func body(_ start: String, _ part: String, _ count: Int, _ end: String) -> [UInt8] {
            Array(start.utf8) + Array(String(repeating: part, count: count).utf8) + Array(end.utf8)
        }
    }

    @Test("end the reading of a long body too, within some tens of milliseconds", arguments: LongBody.allCases)
    func longBody(body: LongBody) async throws {
        let service = try TestService.bundled()
        let bytes = body.bytes
        let started = Instant.now
        let answer = try await service.send("POST", body.path, bytes, fields: field(.requestTimeout, "20"))
        let taken = started.duration(to: .now)
        #expect(answer.status == 504 && answer.text.contains("time limit has passed"), "\(answer.text.prefix(200))")
        // Reading one of these takes a debug build ten seconds and more. The machine may be busy.
        #expect(taken < .seconds(3), "\(taken)")
    }

    @Test("that have passed end a request before its body is read")
    func passed() async throws {
        let service = try TestService.bundled()
        var head = HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/embed")
        head.headerFields = field(.requestTimeout, "5")
        let request = Request(head: head, body: Array("no JSON".utf8))
        let answer = await service.handler.answer(to: request, Arrival(received: .now - .seconds(1)))
        #expect(answer.head.status.code == 504)
    }

    /// The answer to a request for work that had waited unread, and that the server does not want if it waited longer
    /// than `longest`.
    private func answer(
        _ path: String,
        after unread: Duration,
        longest: Duration? = nil,
        before: Backlog = Backlog(),
        timeout: String? = nil
    ) async throws -> Response {
        let service = try TestService.bundled()
        var head = HTTPRequest(method: .post, scheme: "http", authority: "a", path: path)
        if let timeout { head.headerFields = field(.requestTimeout, timeout) }
        if path.hasPrefix("/health") { head.method = .get }
        var arrival = Arrival(received: .now - unread)
        arrival.longestWait = longest
        arrival.before = before
        return await service.handler.answer(to: Request(head: head, body: Array("no JSON".utf8)), arrival)
    }

    @Test("that passed unread give a refusal for requests as late as that")
    func expired() async throws {
        let answer = try await answer("/embed", after: .seconds(1), timeout: "250")
        #expect(answer.head.status.code == 504)
        let refusal = try #require(answer.repeatable)
        #expect(refusal.reason == .expired && refusal.head.status.code == 504)
        #expect(!refusal.ages.contains(.milliseconds(249)) && refusal.ages.contains(.milliseconds(250)))
        #expect(refusal.head.headerFields[.requestID] == nil && answer.head.headerFields[.requestID] != nil)
    }

    @Test("that are not over do not help a request that waited too long for a server that is behind")
    func behind() async throws {
        let answer = try await answer(
            "/v1/embeddings",
            after: .milliseconds(30),
            longest: .milliseconds(20),
            before: Backlog(jobs: 9, delay: .milliseconds(21)),
            timeout: "250"
        )
        #expect(answer.head.status.code == 503)
        #expect(answer.head.headerFields[.retryAfter] == "1")
        let refusal = try #require(answer.repeatable)
        #expect(refusal.reason == .behind)
        #expect(refusal.ages == .milliseconds(20)..<Duration.milliseconds(250))
        #expect(String(decoding: refusal.body, as: UTF8.self).contains(#""type":"server_error""#))
        // Work is begun if the server is not behind, or if nothing else waits; health is answered in any case.
        let alone = try await self.answer("/embed", after: .milliseconds(30), longest: .milliseconds(20))
        #expect(alone.head.status.code == 400)
        #expect(try await self.answer("/embed", after: .milliseconds(30)).head.status.code == 400)
        let health = try await self.answer("/health/live", after: .seconds(9), longest: .milliseconds(20))
        #expect(health.head.status.code == 200 && health.repeatable == nil)
    }

    @Test(
        "end the tokenization of one long text",
        arguments: ["a fine film, ", "\u{6620}\u{753B}", "caf\u{E9} au lait e\u{301}\u{323} "]
    )
    func longText(words: String) async throws {
        let inference = try TestService.bundled().handler.context.inference
        let text = String(repeating: words, count: 2_000_000 / words.utf8.count)
        let started = Instant.now
        let options = RequestOptions(deadline: started + .milliseconds(20))
        await #expect(throws: TokenizerError.abandoned) {
            _ = try await options.run { try inference.tokenizer().encode(text) }
        }
        #expect(ServiceError(TokenizerError.abandoned).status == 504)
        // A debug build takes seconds for the whole text.
        #expect(started.duration(to: .now) < .seconds(2))
        #expect(try inference.tokenizer().encode(words).count > 2)
    }

    @Test(
        "end the reading of long tensors, in JSON and behind it, and of a compressed body",
        arguments: ["INT64", "INT32", "BYTES", "json", "nested", "gzip"]
    )
    func tensors(kind: String) async throws {
        let (head, tail) = try Self.tensors(kind)
        var fields = field(.requestTimeout, "20")
        fields[.inferenceHeaderContentLength] = kind == "gzip" ? nil : "\(head.count)"
        fields[.contentEncoding] = kind == "gzip" ? "gzip" : nil
        let service = try TestService.bundled()
        let started = Instant.now
        let answer = try await service.send("POST", "/v2/models/mobilebert-mini/infer", head + tail, fields: fields)
        let taken = started.duration(to: .now)
        #expect(answer.status == 504 && answer.text.contains("time limit has passed"), "\(answer.text.prefix(200))")
        #expect(taken < .seconds(3), "\(taken)")
    }

    /// A KServe request of about 8 MB: its JSON, and the bytes behind it.
    private static func tensors(_ kind: String) throws -> (head: [UInt8], tail: [UInt8]) {
        let list = { (part: String, count: Int) in Array(repeating: part, count: count).joined(separator: ",") }
        func head(_ datatype: String, _ count: Int, _ data: String) -> [UInt8] {
            Array(
                #"""
                {"inputs":[{"name":"input_ids","datatype":"\#(datatype)","shape":[\#(count),1],\#(data)}]}
                """#.utf8
            )
        }
        switch kind {
        case "INT64", "INT32", "BYTES":
            let element: [UInt8] =
                kind == "INT64" ? [7, 0, 0, 0, 0, 0, 0, 0] : kind == "INT32" ? [7, 0, 0, 0] : [1, 0, 0, 0, 65]
            let count = 8_000_000 / element.count
            let tail = Array(repeatElement(element, count: count).joined())
            return (head(kind, count, #""parameters":{"binary_data_size":\#(tail.count)}"#), tail)
        case "json": return (head("INT64", 2_700_000, #""data":[\#(list("12", 2_700_000))]"#), [])
        case "nested": return (head("INT64", 1_600_000, #""data":[\#(list("[12]", 1_600_000))]"#), [])
        default:
            var compressor = try GzipCompressor()
            let body = head("INT64", 2_700_000, #""data":[\#(list("12", 2_700_000))]"#)
            return (try compressor.add(body, isLast: true), [])
        }
    }

    @Test("end the writing of a long answer")
    func longAnswer() async throws {
        let passed = RequestOptions(deadline: .now - .seconds(1))
        await #expect(throws: SchedulerError.deadlineExceeded) {
            _ = try await passed.run {
                try Response.json([[Float]](repeating: [1, 2, 3], count: 100_000), isBatch: true) { $0.numbers($1) }
            }
        }
        let short = try await passed.run { try Response.json([1, 2], isBatch: true) { $0.integer($1) } }
        guard case .bytes(let bytes) = short.body else { throw CancellationError() }
        #expect(bytes == Array("[1,2]".utf8))
    }

    @Test("that leave no time to be answered, or a full queue, are refused with the time to come back after")
    func overload() async throws {
        var configuration = InferenceConfiguration.patient(workers: 1)
        configuration.batching.maxQueueSequences = 8
        configuration.batching.maxAdmissionWait = .zero
        let inference = InferenceService(
            model: try LoadedModel(directory: ModelFolder.bundled),
            configuration: configuration
        )
        try await inference.warmUp()
        let service = TestService(inference)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let body = #"{"inputs": "film \#(index) \#(String(repeating: "dull ", count: 100))"}"#
                    let answer = try await service.send("POST", "/embed", body)
                    if answer.status == 429 {
                        #expect(answer.text.contains(#""error_type":"Overloaded""#))
                        let seconds = try #require(answer.fields[.retryAfter].flatMap { Int($0) })
                        let milliseconds = try #require(answer.fields[.retryAfterMilliseconds].flatMap { Int($0) })
                        #expect(milliseconds > 0 && seconds == (milliseconds + 999) / 1000)
                    }
                    return answer.status
                }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(Set(statuses.keys) == [200, 429], "\(statuses)")
        #expect(inference.statistics.refusedRequests.values.reduce(0, +) == statuses[429])
        // A request that does not wait for the engine is answered.
        #expect(try await service.send("POST", "/tokenize", #"{"inputs": "a"}"#).status == 200)
        await inference.shutDown()
    }

    @Test("follow KServe's parameters, which never extend a deadline")
    func parameters() throws {
        let now = Instant.now
        let options = RequestOptions(deadline: now + .seconds(5))
        #expect(try options.limited(toMicroseconds: nil, priority: nil) == options)
        #expect(try options.limited(toMicroseconds: 0, priority: 0) == options)
        #expect(try options.limited(toMicroseconds: 3_600_000_000, priority: 1) == options)
        let limited = try options.limited(toMicroseconds: 1000, priority: 2)
        #expect(limited.priority == .low && (limited.deadline ?? now) < now + .seconds(4))
        for timeout in [-1, 86_400_000_001, .max, .min] {
            #expect(throws: InferenceError.invalidTimeout(timeout)) {
                try options.limited(toMicroseconds: timeout, priority: nil)
            }
        }
        #expect(throws: InferenceError.invalidPriority(-1)) {
            try options.limited(toMicroseconds: nil, priority: -1)
        }
    }
}
