import Budget
import Compression
import HTTPTypes
import JSON
import Testing

@testable import Service

@Suite("The memory of requests")
struct MemoryTests {
    private func service(budget: MemoryBudget) throws -> TestService {
        let inference = try #require(TestService.bundled().handler.state.snapshot.inference)
        let service = TestService(inference)
        service.handler.state.update { $0.memory = budget }
        return service
    }

    private func gzip(_ text: String) throws -> [UInt8] {
        var compressor = try GzipCompressor()
        return try compressor.add(Array(text.utf8), isLast: true)
    }

    private func sendGzip(_ text: String, to service: TestService) async throws -> TestService.Answer {
        let body = try gzip(text)
        return try await service.send("POST", "/embed", body, fields: [.contentEncoding: "gzip"])
    }

    @Test("a body that inflates beyond what is left of the budget gets 503, and holds nothing afterwards")
    func inflated() async throws {
        let budget = MemoryBudget(limit: 2_000_000)
        budget.count(700_000, for: .received)
        let service = try service(budget: budget)
        let answer = try await sendGzip(#"{"inputs": ""# + String(repeating: "a", count: 900_000) + #""}"#, to: service)
        #expect(answer.status == 503, "\(answer.text)")
        #expect(answer.fields[.retryAfter] == "1")
        #expect(budget.held == 700_000)
        #expect(budget.refusals(of: .inflated) == 1)
        let small = try await sendGzip(#"{"inputs": "a film"}"#, to: service)
        #expect(small.status == 200, "\(small.text)")
    }

    @Test("a request that needs more than it may ever have gets 413")
    func permanent() async throws {
        let service = try service(budget: MemoryBudget(limit: 1_000_000))
        let answer = try await sendGzip(#"{"inputs": ""# + String(repeating: "a", count: 900_000) + #""}"#, to: service)
        #expect(answer.status == 413, "\(answer.text)")
        #expect(answer.text.contains("at most 600000"))
    }

    @Test("JSON that grows in memory is counted before it is read")
    func parsed() async throws {
        let budget = MemoryBudget(limit: 4_000_000)
        let service = try service(budget: budget)
        let body = #"{"inputs": ["# + [String](repeating: "1", count: 200_000).joined(separator: ",") + "]}"
        let answer = try await service.send("POST", "/embed", body)
        #expect(answer.status == 413, "\(answer.text)")
        #expect(budget.refusals(of: .parsed) == 1)
        #expect(budget.held == 0)
    }

    @Test(
        "the budget is free again when the answer has been taken",
        arguments: ["/embed", "/v1/embeddings", "/tokenize"]
    )
    func released(path: String) async throws {
        let budget = MemoryBudget(limit: 64_000_000)
        let service = try service(budget: budget)
        let key = path == "/v1/embeddings" ? "input" : "inputs"
        let answer = try await service.send("POST", path, #"{"\#(key)": ["a fine film", "a dull film"]}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(budget.held == 0)
    }

    @Test("equal texts get the same vector, all their tokens are told, and a long answer is whole")
    func equalTexts() async throws {
        let service = try service(budget: MemoryBudget(limit: 64_000_000))
        let texts = [String](repeating: #""a fine film""#, count: 3000) + [#""a dull film""#]
        let answer = try await service.send("POST", "/embed", #"{"inputs": ["# + texts.joined(separator: ",") + "]}")
        let alone = try await service.post("/embed", #"{"inputs": ["a fine film", "a dull film"]}"#)
        guard case .array(let expected) = alone, case .array(let vectors) = try answer.json else {
            Issue.record("no vectors")
            return
        }
        #expect(vectors.count == 3001)
        #expect(vectors.dropLast().allSatisfy { $0 == expected[0] } && vectors.last == expected[1])
        #expect(answer.fields[.computeTokens] == "\(3001 * 5)")
    }

    @Test("a long answer in OpenAI's form is written in pages, and is whole")
    func pages() async throws {
        let service = try service(budget: MemoryBudget(limit: 64_000_000))
        let texts = (0..<2000).map { #""film \#($0 % 7)""# }.joined(separator: ",")
        let answer = try await service.send("POST", "/v1/embeddings", #"{"input": [\#(texts)]}"#)
        guard case .object(let members) = try answer.json, case .array(let data) = members["data"] else {
            Issue.record("no data")
            return
        }
        #expect(data.count == 2000)
        for (index, element) in data.enumerated() {
            guard case .object(let element) = element else { continue }
            #expect(element["index"]?.integer == index)
        }
        #expect(members["usage"] != nil)
    }
}
