import Foundation
import JSON
import TestSupport
import Testing

@testable import Service

@Suite("What the Hub's client sends")
struct HubRoutesTests {
    @Test("text_classification: parameters are honoured, and the answer is nested also for one text")
    func classification() async throws {
        let service = try TestService.bundled()
        let best = try await service.post("/classify", #"{"inputs":"dull","parameters":{"top_k":1}}"#)
        #expect(best.elements.map { $0.elements.compactMap { $0["label"]?.text } } == [["NEGATIVE"]])
        let list = try await service.post("/classify", #"{"inputs":["dull","good"],"parameters":{}}"#)
        #expect(list.elements.map { $0.elements.count } == [2, 2], "a list is a batch, not a pair")
    }

    @Test("function_to_apply makes the scores: none, softmax or sigmoid")
    func functions() async throws {
        let service = try TestService.bundled()
        func best(_ function: String) async throws -> (score: Double, logit: Double) {
            let body = #"{"inputs":"dull","parameters":{"function_to_apply":"\#(function)","top_k":1}}"#
            let label = try await service.post("/classify", body).elements[0].elements[0]
            return (label["score"]?.double ?? .nan, label["logit"]?.double ?? .nan)
        }
        let none = try await best("none")
        #expect(none.score == none.logit)
        let sigmoid = try await best("sigmoid").score
        #expect(abs(sigmoid - 1 / (1 + exp(-none.logit))) < 1e-6)
        let softmax = try await best("softmax").score
        #expect(softmax != none.score && (0.5...1).contains(softmax))
        let wrong = try await service.send(
            "POST",
            "/classify",
            #"{"inputs":"a","parameters":{"function_to_apply":"tanh"}}"#
        )
        #expect(wrong.status == 422 && wrong.text.contains("softmax"))
    }

    @Test("a multi-label model's scores are sigmoids, unless asked otherwise")
    func multiLabel() async throws {
        try await TestModels.with(modelOf: ModelFolder.multiLabel) { service in
            let labels = try await service.post("/classify", #"{"inputs":"good"}"#).elements[0].elements
            for label in labels {
                let logit = label["logit"]?.double ?? .nan
                #expect(abs((label["score"]?.double ?? .nan) - 1 / (1 + exp(-logit))) < 1e-6)
            }
            let body = #"{"inputs":"good","parameters":{"function_to_apply":"softmax"}}"#
            let sum = try await service.post("/classify", body).elements[0].elements
                .reduce(0) { $0 + ($1["score"]?.double ?? .nan) }
            #expect(abs(sum - 1) < 1e-6)
        }
    }

    @Test("feature_extraction: options stand beside the inputs or in parameters, and the former win")
    func featureExtraction() async throws {
        let service = try TestService.bundled()
        let root = try await service.post(
            "/embed",
            #"{"inputs":"good","normalize":false,"truncation_direction":"left"}"#
        )
        #expect(try await service.post("/embed", #"{"inputs":"good","parameters":{"normalize":false}}"#) == root)
        let both = #"{"inputs":"good","normalize":false,"parameters":{"normalize":true,"dimensions":4}}"#
        let cut = try await service.post("/embed", both).rows[0]
        #expect(cut == Array(root.rows[0].prefix(4)))
    }

    @Test(
        "what is posted to the root goes where its body belongs",
        arguments: [
            (#"{"inputs":"good"}"#, "/embed"), (#"{"inputs":["good","dull"],"truncate":true}"#, "/embed"),
            (#"{"inputs":"good","parameters":{"normalize":true}}"#, "/embed"),
            (#"{"inputs":"good","parameters":{"top_k":1}}"#, "/classify"),
            (#"{"inputs":"a","parameters":{}}"#, "/classify"),
            (#"{"inputs":"good","raw_scores":true}"#, "/predict"), (#"{"inputs":[["good"],["a","b"]]}"#, "/predict"),
            (#"{"inputs":{"source_sentence":"a","sentences":["b"]},"parameters":{}}"#, "/similarity"),
        ]
    )
    func root(_ body: String, path: String) async throws {
        let service = try TestService.bundled()
        let expected = try await service.post(path, body)
        #expect(try await service.post("/", body) == expected)
        #expect(try await service.post("/invocations", body) == expected)
    }

    @Test("requests of other interfaces' clients to the root are answered in those interfaces' forms")
    func rootOfOthers() async throws {
        let service = try TestService.bundled()
        let texts = try await service.send("POST", "/", #"{"query":"a","texts":["b"]}"#)
        #expect(texts.status == 424 && texts.text.contains("re-ranker"))
        #expect(try texts.json["error_type"] == .string("Backend"))
        // infinity_client sends `raw_scores`, too.
        for more in ["", #","raw_scores":false"#] {
            let documents = try await service.send("POST", "/", #"{"query":"a","documents":["b"]\#(more)}"#)
            #expect(try documents.status == 424 && documents.json["error"]?["message"] != nil, "\(documents.text)")
        }
        #expect(try await service.post("/", #"{"input":"a"}"#)["object"] == .string("list"))
    }
}
