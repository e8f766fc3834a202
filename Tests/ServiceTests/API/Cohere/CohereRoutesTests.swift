import JSON
import TestSupport
import Testing

@testable import Service

@Suite("Cohere's and Jina's interface")
struct CohereRoutesTests {
    @Test("rerank gives the scores of /rerank, with Cohere's meta and Jina's usage", arguments: [1, 2])
    func rerank(version: Int) async throws {
        try await TestModels.with(modelOf: ModelFolder.regression) { service in
            let ranks = try await service.post("/rerank", #"{"query":"good","texts":["a","film","dull"]}"#).elements
            let body =
                #"{"model":"m","query":"good","documents":["a","film","dull"],"top_n":2,"return_documents":true}"#
            let answer = try await service.post("/v\(version)/rerank", body)
            let results = try #require(answer["results"]?.elements)
            #expect(results.map { $0["relevance_score"] } == ranks.prefix(2).map { $0["score"] })
            #expect(results.map { $0["index"] } == ranks.prefix(2).map { $0["index"] })
            let index = try #require(results[0]["index"]?.integer)
            #expect(results[0]["document"]?["text"]?.text == ["a", "film", "dull"][index])
            #expect(answer["meta"]?["api_version"]?["version"]?.text == "\(version)" && answer["id"]?.text != nil)
            #expect(answer["usage"]?["total_tokens"] == answer["meta"]?["billed_units"]?["input_tokens"])
        }
    }

    @Test("embed gives every form that is asked for as /embed gives it")
    func embed() async throws {
        let service = try TestService.bundled()
        let forms = ["float", "int8", "uint8", "binary", "ubinary"]
        let answer = try await service.post(
            "/v2/embed",
            #"{"texts":["good","a"],"model":"m","input_type":"search_query","#
                + #""embedding_types":["float","int8","uint8","binary","ubinary","base64"]}"#
        )
        for form in forms {
            let expected = try await service.post("/embed", #"{"inputs":["good","a"],"embedding_type":"\#(form)"}"#)
            #expect(answer["embeddings"]?[form]?.rows == expected.rows, "\(form)")
        }
        let base64 = try await service.post("/embed", #"{"inputs":["good","a"],"encoding_format":"base64"}"#)
        #expect(answer["embeddings"]?["base64"] == base64)
        #expect(answer["texts"] == .array([.string("good"), .string("a")]))
        #expect(answer["response_type"]?.text == "embeddings_by_type")
    }

    @Test("by default version 2 gives floats by type, and version 1 gives the floats alone")
    func versions() async throws {
        let service = try TestService.bundled()
        let expected = try await service.post("/embed", #"{"inputs":["good"],"dimensions":8}"#).rows
        let body = #"{"texts":["good"],"output_dimension":8,"embedding_types":[]}"#
        #expect(try await service.post("/v2/embed", body)["embeddings"]?["float"]?.rows == expected)
        let first = try await service.post("/v1/embed", body)
        #expect(first["embeddings"]?.rows == expected && first["response_type"]?.text == "embeddings_floats")
    }

    @Test("truncate says which end of a long text is cut, or that it is refused")
    func truncation() async throws {
        let service = try TestService.bundled()
        let long = String(repeating: "word ", count: 600) + "end"
        for (cut, direction) in [("START", "left"), ("END", "right")] {
            let answer = try await service.post("/v2/embed", #"{"texts":["\#(long)"],"truncate":"\#(cut)"}"#)
            let expected = try await service.post(
                "/embed",
                #"{"inputs":["\#(long)"],"truncation_direction":"\#(direction)"}"#
            )
            #expect(answer["embeddings"]?["float"]?.rows == expected.rows)
        }
        let refused = try await service.send("POST", "/v2/embed", #"{"texts":["\#(long)"],"truncate":"NONE"}"#)
        #expect(try refused.status == 400 && refused.json["message"]?.text?.isEmpty == false)
    }

    @Test("a text's tokens come without special ones, and give the text back")
    func tokens() async throws {
        let service = try TestService.bundled()
        let answer = try await service.post("/v1/tokenize", #"{"text":"A charming film","model":"m"}"#)
        #expect(answer["token_strings"]?.elements.map(\.text) == ["a", "charming", "film"])
        let ids = try #require(answer["tokens"]).elements.compactMap { $0.integer }
        let text = try await service.post("/v1/detokenize", #"{"tokens":\#(ids),"model":"m"}"#)["text"]
        #expect(ids.count == 3 && text?.text == "a charming film")
    }

    @Test(
        "what is wrong is told in `message`",
        arguments: [
            ("/v2/embed", #"{"texts":[]}"#, 400), ("/v2/embed", #"{"texts":["a"],"embedding_types":["int4"]}"#, 400),
            ("/v2/embed", #"{"texts":"a"}"#, 400), ("/v2/embed", #"{"texts":["a"],"truncate":"MIDDLE"}"#, 400),
            ("/v2/embed", #"{"texts":["a"],"output_dimension":0}"#, 400), ("/v1/tokenize", "{}", 400),
            ("/v1/detokenize", #"{"tokens":["a"]}"#, 400), ("/v1/detokenize", "{}", 400),
            ("/v2/rerank", #"{"query":"a","documents":["b"]}"#, 424),
        ]
    )
    func refusals(_ path: String, _ body: String, status: Int) async throws {
        let answer = try await TestService.bundled().send("POST", path, body)
        #expect(answer.status == status, "\(answer.text)")
        #expect(try answer.json["message"]?.text?.isEmpty == false)
    }
}
