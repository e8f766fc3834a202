import Foundation
import Inference
import JSON
import TestSupport
import Testing

@testable import Service

@Suite("/predict")
struct PredictRouteTests {
    private func inputs(_ text: String) throws -> PredictInputs {
        try PredictInputs(RequestFields(Array(#"{"inputs":\#(text)}"#.utf8)))
    }

    @Test("a text, a list of one text and a pair are single; a list of lists is a batch")
    func shapes() throws {
        #expect(try inputs(#""a""#) == .single(.text("a")))
        #expect(try inputs(#"["a"]"#) == .single(.text("a")))
        #expect(try inputs(#"["a","b"]"#) == .single(.pair("a", "b")))
        #expect(try inputs(#"[["a"]]"#) == .batch([.text("a")]))
        #expect(try inputs(#"[["a"],["b","c"]]"#) == .batch([.text("a"), .pair("b", "c")]))
        #expect(try inputs("[101,102]") == .single(.ids([101, 102])))
        #expect(try inputs("[[101,102]]") == .batch([.ids([101, 102])]))
    }

    @Test(
        "three texts, lists mixed with texts and anything else are refused",
        arguments: [
            (#"["a","b","c"]"#, 422), (#"[["a","b","c"]]"#, 422), (#"[["a"],"b"]"#, 422), (#"["a",["b"]]"#, 422),
            (#"["a",1]"#, 422), ("[]", 400), ("7", 422), ("null", 422), ("{}", 422), ("[true]", 422),
        ]
    )
    func refusals(_ text: String, status: Int) {
        let error = #expect(throws: ServiceError.self) { try inputs(text) }
        #expect(error?.status == status)
    }

    @Test("a single input is answered flat, a batch nested, each best first and with nothing but score and label")
    func answers() async throws {
        let service = try TestService.bundled()
        let single = try await service.post("/predict", #"{"inputs":"a gorgeous, witty, seductive movie"}"#)
        #expect(single.elements.map { $0["label"]?.text } == ["POSITIVE", "NEGATIVE"])
        let scores = single.elements.compactMap { $0["score"]?.double }
        #expect(scores[0] > scores[1] && abs(scores[0] + scores[1] - 1) < 1e-6)
        guard case .object(let first)? = single.elements.first else { return #expect(Bool(false), "no object") }
        #expect(first.members.map(\.key) == ["score", "label"])
        let batch = try await service.post("/predict", #"{"inputs":[["a gorgeous, witty, seductive movie"],["dull"]]}"#)
        #expect(batch.elements.map { $0.elements.count } == [2, 2])
        #expect(batch.elements[0].elements[0]["label"] == .string("POSITIVE"))
        #expect(batch.elements[1].elements[0]["label"] == .string("NEGATIVE"))
    }

    @Test("a flat list of two texts is a pair, which gives another result than two single texts")
    func pair() async throws {
        let service = try TestService.bundled()
        let pair = try await service.post("/predict", #"{"inputs":["good","bad"],"raw_scores":true}"#)
        let nested = try await service.post("/predict", #"{"inputs":[["good","bad"]],"raw_scores":true}"#)
        #expect(pair == nested.elements[0])
        #expect(try await service.post("/predict", #"{"inputs":["good"],"raw_scores":true}"#) != pair)
    }

    @Test(
        "the root takes lists with texts for /predict wherever they stand, and lists of ids alone for /embed",
        arguments: [
            (#"[[7,8],["a"]]"#, true), (#"[["a"],[7,8]]"#, true), (#"[[7,8],["a","b"]]"#, true),
            (#"{"text":"a","text_pair":"b"}"#, true), (#"[[7],{"text":"a","text_pair":"b"}]"#, true),
            ("[[7,8],[9]]", false), ("[7,8]", false), (#"["a","b"]"#, false),
        ]
    )
    func root(_ inputs: String, isPrediction: Bool) async throws {
        let service = try TestService.bundled()
        let body = #"{"inputs":\#(inputs)}"#
        #expect(try await service.post("/", body) == service.post(isPrediction ? "/predict" : "/embed", body))
    }

    @Test("raw scores are the logits, of which the scores are the softmax")
    func rawScores() async throws {
        let service = try TestService.bundled()
        let raw = try await service.post("/predict", #"{"inputs":"dull","raw_scores":true}"#).elements
        let scores = try await service.post("/predict", #"{"inputs":"dull"}"#).elements
        let logits = raw.compactMap { $0["score"]?.double }
        let expected = 1 / (1 + exp(logits[1] - logits[0]))
        #expect(abs((scores[0]["score"]?.double ?? 0) - expected) < 1e-6)
    }

    @Test("a model without a head is a 424")
    func noHead() async throws {
        try await TestModels.with(modelOf: ModelFolder.withoutVocabulary) { service in
            let answer = try await service.send("POST", "/predict", #"{"inputs":"a"}"#)
            #expect(answer.status == 424)
            #expect(try answer.json["error_type"] == .string("Backend"))
        }
    }
}
