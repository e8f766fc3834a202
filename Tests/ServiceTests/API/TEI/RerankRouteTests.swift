import Foundation
import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("/rerank and /similarity")
struct RerankRouteTests {
    private static let body = #""query":"fine film","texts":["a","the dull film","good good good","bad"]"#

    @Test("every text is ranked once, best first, by the sigmoid of the logit that the pair gives")
    func ranking() async throws {
        try await TestModels.with(modelOf: ModelFolder.regression) { service in
            let ranks = try await service.post("/rerank", "{\(Self.body)}").elements
            let indices = ranks.compactMap { $0["index"]?.integer }
            let scores = ranks.compactMap { $0["score"]?.double }
            #expect(indices.sorted() == [0, 1, 2, 3] && ranks.allSatisfy { $0["text"] == nil })
            #expect(scores == scores.sorted(by: >) && scores.allSatisfy { (0...1).contains($0) })
            let raw = try await service.post("/rerank", #"{\#(Self.body),"raw_scores":true}"#).elements
            #expect(raw.compactMap { $0["index"]?.integer } == indices)
            let logits = raw.compactMap { $0["score"]?.double }
            #expect(zip(logits, scores).allSatisfy { abs(1 / (1 + exp(-$0)) - $1) < 1e-6 })
            let pair = try await service.post(
                "/predict",
                #"{"inputs":["fine film","the dull film"],"raw_scores":true}"#
            )
            let place = try #require(indices.firstIndex(of: 1))
            #expect(abs((pair.elements[0]["score"]?.double ?? .nan) - logits[place]) < 1e-5)
        }
    }

    @Test("texts come back when asked for, and keys that others send are let pass")
    func returnText() async throws {
        try await TestModels.with(modelOf: ModelFolder.regression) { service in
            let ranks = try await service.post(
                "/rerank",
                #"{\#(Self.body),"return_text":true,"top_n":2,"truncate":false,"truncation_direction":"Right"}"#
            ).elements
            #expect(ranks.count == 4)
            let texts = ["a", "the dull film", "good good good", "bad"]
            for rank in ranks { #expect(rank["text"]?.text == rank["index"]?.integer.map { texts[$0] }) }
        }
    }

    @Test("one label of which config.json says nothing is a re-ranker, too")
    func noProblemType() async throws {
        let config = try String(contentsOfFile: ModelFolder.regression + "/config.json", encoding: .utf8)
        try await ModelFolder.with(modelOf: nil, ["vocab.txt": TestModels.vocabulary]) { folder in
            try FileManager.default.copyItem(
                atPath: ModelFolder.regression + "/model.safetensors",
                toPath: folder + "/model.safetensors"
            )
            try config.replacing(#""problem_type": "regression","#, with: "")
                .write(toFile: folder + "/config.json", atomically: true, encoding: .utf8)
            let inference = InferenceService(
                model: try LoadedModel(directory: folder),
                configuration: .patient(workers: 1)
            )
            let service = TestService(inference)
            let score = try await service.post("/predict", #"{"inputs":["a","b"]}"#).elements[0]["score"]
            let rank = try await service.post("/rerank", #"{"query":"a","texts":["b"]}"#).elements[0]["score"]
            #expect(score == rank)
            await inference.shutDown()
        }
    }

    @Test(
        "what cannot be ranked is refused as text-embeddings-inference does",
        arguments: [
            (#"{"query":"a","texts":[]}"#, 400, "Empty", "`texts` cannot be empty"),
            (#"{"texts":["a"]}"#, 422, "Validation", "`query` is missing"),
            (#"{"query":"a"}"#, 422, "Validation", "`texts` is missing"),
            (#"{"query":"a","texts":"b"}"#, 422, "Validation", "`texts` must be a list of texts"),
            (#"{"query":"a","texts":[1]}"#, 422, "Validation", "`texts[0]` must be a text. Given: 1"),
            (#"{"query":["a"],"texts":["b"]}"#, 422, "Validation", "`query` must be a text"),
            (#"{"query":"a","texts":["b"]}"#, 424, "Backend", "model is not a re-ranker model"),
        ]
    )
    func refusals(_ body: String, status: Int, type: String, message: String) async throws {
        let answer = try await TestService.bundled().send("POST", "/rerank", body)
        #expect(answer.status == status)
        #expect(try answer.json["error_type"]?.text == type)
        #expect(try answer.json["error"]?.text?.contains(message) == true, "\(answer.text)")
    }

    @Test("/similarity gives the cosines of the embeddings, in the sentences' order")
    func similarity() async throws {
        let service = try TestService.bundled()
        let cosines = try await service.post(
            "/similarity",
            #"{"inputs":{"source_sentence":"good","sentences":["dull","good"]},"parameters":{}}"#
        ).numbers
        let vectors = try await service.post("/embed", #"{"inputs":["good","dull"]}"#).rows
        let expected = zip(vectors[0], vectors[1]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(cosines.count == 2 && abs(cosines[0] - expected) < 1e-5 && abs(cosines[1] - 1) < 1e-6)
    }

    @Test(
        "/similarity refuses what is no source with sentences",
        arguments: [
            (#"{"inputs":"a"}"#, 422), (#"{"inputs":{"sentences":["a"]}}"#, 422),
            (#"{"inputs":{"source_sentence":"a","sentences":[]}}"#, 400),
            (#"{"inputs":{"source_sentence":"a","sentences":["b"]},"parameters":[]}"#, 422),
            (#"{"inputs":{"source_sentence":"a","sentences":["b"]},"parameters":{"truncate":1}}"#, 422),
        ]
    )
    func similarityRefusals(_ body: String, status: Int) async throws {
        #expect(try await TestService.bundled().send("POST", "/similarity", body).status == status)
    }
}
