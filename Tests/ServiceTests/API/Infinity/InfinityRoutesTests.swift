import JSON
import TestSupport
import Testing

@testable import Service

@Suite("Infinity's interface")
struct InfinityRoutesTests {
    @Test("/classify with `input` gives Infinity's envelope, with `inputs` the Hub's lists")
    func classify() async throws {
        let service = try TestService.bundled()
        let lists = try await service.post("/classify", #"{"inputs":["good","dull"]}"#).elements
        let answer = try await service.post("/classify", #"{"input":["good","dull"],"model":"m","raw_scores":false}"#)
        #expect(answer["object"]?.text == "classify" && answer["model"]?.text == "mobilebert-mini")
        #expect(answer["id"]?.text != nil && answer["created"]?.integer != nil)
        #expect(answer["usage"]?["total_tokens"]?.integer == 6)
        let data = try #require(answer["data"]?.elements)
        for (row, expected) in zip(data, lists) {
            #expect(row.elements.map { $0["label"] } == expected.elements.map { $0["label"] })
            #expect(row.elements.map { $0["score"] } == expected.elements.map { $0["score"] })
        }
        let raw = try await service.post("/classify", #"{"input":["good"],"raw_scores":true}"#)["data"]
        #expect(raw?.elements[0].elements.map { $0["score"] } == lists[0].elements.map { $0["logit"] })
    }

    @Test("/rerank with `documents` gives Infinity's results, with `texts` those of text-embeddings-inference")
    func rerank() async throws {
        try await TestModels.with(modelOf: ModelFolder.regression) { service in
            let ranks = try await service.post("/rerank", #"{"query":"good","texts":["a","film","dull"]}"#).elements
            let answer = try await service.post(
                "/rerank",
                #"{"query":"good","documents":["a",{"text":"film"},"dull"],"return_documents":true,"top_n":2}"#
            )
            let results = try #require(answer["results"]?.elements)
            #expect(answer["object"]?.text == "rerank" && results.count == 2)
            for (result, rank) in zip(results, ranks) {
                let index = try #require(rank["index"]?.integer)
                #expect(result["index"]?.integer == index && result["relevance_score"] == rank["score"])
                #expect(result["document"]?.text == ["a", "film", "dull"][index])
            }
            let bare = try await service.post("/rerank", #"{"query":"good","documents":["a"]}"#)
            #expect(bare["results"]?.elements[0]["document"] == .null)
        }
    }

    @Test(
        "a request on a shared path that is refused before its body is read is refused in the form of text-embeddings-inference"
    )
    func earlyRefusals() async throws {
        for path in ["/classify", "/rerank", "/"] {
            let answer = try await TestService.loading().send("POST", path, #"{"query":"a","texts":["b"]}"#)
            #expect(answer.status == 503)
            #expect(try answer.json["error_type"]?.text == "Unhealthy", "\(path): \(answer.text)")
        }
    }

    @Test(
        "what cannot be ranked is refused",
        arguments: [
            (#"{"query":"a","documents":[]}"#, 400), (#"{"documents":["a"]}"#, 400),
            (#"{"query":"a","documents":[{"title":"b"}]}"#, 400),
            (#"{"query":"a","documents":["b"],"top_n":0}"#, 400), (#"{"query":"a","documents":["b"]}"#, 424),
        ]
    )
    func refusals(_ body: String, status: Int) async throws {
        let answer = try await TestService.bundled().send("POST", "/rerank", body)
        #expect(answer.status == status, "\(answer.text)")
        #expect(try answer.json["error"]?["message"]?.text?.isEmpty == false)
    }
}
