import Foundation
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("Tasks that need a head")
struct TaskRoutesTests {
    private static let bodies = [
        ("/fill_mask", #"{"inputs":"a [MASK]"}"#, "masked language modelling", "MobileBertForMaskedLM"),
        (
            "/next-sentence", #"{"inputs":["a","b"]}"#, "next sentence prediction",
            "MobileBertForNextSentencePrediction"
        ),
        (
            "/multiple_choice", #"{"prompt":"a","choices":["b"]}"#, "multiple choice", "MobileBertForMultipleChoice"
        ),
    ]

    @Test("name the head that the checkpoint has instead, and the checkpoint to load", arguments: Self.bodies)
    func missingHead(_ path: String, _ body: String, task: String, example: String) async throws {
        let answer = try await TestService.bundled().send("POST", path, body)
        #expect(try answer.status == 424 && answer.json["error_type"] == .string("Backend"))
        for part in [task, "only one for sequence classification", "MobileBertForSequenceClassification", example] {
            #expect(answer.text.contains(part), "\(answer.text)")
        }
    }

    @Test("zero-shot classification is refused by a model without classes, and by one of a single label")
    func noClasses() async throws {
        let body = #"{"inputs":"a","parameters":{"candidate_labels":"b"}}"#
        for (model, part) in [(ModelFolder.withoutVocabulary, "has no head"), (ModelFolder.regression, "single label")]
        {
            try await TestModels.with(modelOf: model) { service in
                let answer = try await service.send("POST", "/zero_shot", body)
                #expect(answer.status == 424 && answer.text.contains(part), "\(answer.text)")
            }
        }
    }

    @Test("a wrong request is told what is wrong with it")
    func wrongRequests() async throws {
        try await TestModels.with(modelOf: ModelFolder.fixture("mobilebert-mlm")) { service in
            for (body, part) in [
                (#"{"inputs":"good"}"#, "[MASK]"), (#"{"inputs":"[MASK]","top_k":0}"#, "top_k"),
                (#"{"inputs":"[MASK]","targets":[""]}"#, "targets"), (#"{"inputs":"[MASK]","targets":3}"#, "targets"),
            ] {
                let answer = try await service.send("POST", "/fill_mask", body)
                #expect(answer.status == 422 && answer.text.contains(part), "\(answer.text)")
            }
        }
        let service = try TestService.bundled()
        for (body, part) in [
            (#"{"inputs":"a"}"#, "candidate_labels"), (#"{"inputs":"a","candidate_labels":" , "}"#, "candidate_labels"),
            (#"{"inputs":"a","candidate_labels":["b"],"hypothesis_template":"no {{}} place"}"#, "{}"),
        ] {
            let answer = try await service.send("POST", "/zero_shot", body)
            #expect(answer.status == 422 && answer.text.contains(part), "\(answer.text)")
        }
        let labels = (0..<200).map { "\"\($0)\"" }.joined(separator: ",")
        let texts = Array(repeating: #""a""#, count: 100).joined(separator: ",")
        let many = try await service.send(
            "POST",
            "/zero_shot",
            #"{"inputs":[\#(texts)],"candidate_labels":[\#(labels)]}"#
        )
        #expect(many.status == 422 && many.text.contains("20000"))
    }

    @Test("a template's length is counted in characters, as the OpenAPI document counts it")
    func longTemplate() async throws {
        let service = try TestService.bundled()
        let schema = try await service.send("GET", "/openapi.json").json["components"]?["schemas"]?["ZeroShotRequest"]
        let limit = try #require(schema?["properties"]?["hypothesis_template"]?["maxLength"]?.integer)
        for (length, status) in [(limit, 200), (limit + 1, 422)] {
            let template = "{}" + String(repeating: "\u{E9}", count: length - 2)
            let body = #"{"inputs":"a","candidate_labels":["b"],"hypothesis_template":"\#(template)"}"#
            #expect(try await service.send("POST", "/zero_shot", body).status == status, "\(length)")
        }
    }

    @Test("labels are divided at each comma, and a template takes what it may have behind its braces")
    func marks() async throws {
        let service = try TestService.bundled()
        for template in ["{}\u{FE0F}", "{}\u{301}"] {
            let body = #"{"inputs":"good","candidate_labels":"a,\#u{301}b","hypothesis_template":"\#(template)"}"#
            let labels = try await service.post("/zero_shot", body)["labels"]?.elements.compactMap(\.text) ?? []
            #expect(Set(labels.map { ExactText($0) }) == ["a", "\u{301}b"])
        }
        // A member's key is its bytes: neither of these is `inputs` or a second `é`.
        let keys = #"{"inputs\u0301":"x","inputs":"good","\#u{E9}":1,"e\#u{301}":2}"#
        #expect(try await service.send("POST", "/embed", keys).status == 200)
    }

    @Test("multi_class is multi_label, and goes before it, as in the pipeline")
    func multiClass() async throws {
        let service = try TestService.bundled()
        func scores(_ options: String) async throws -> [Double] {
            let body = #"{"inputs":"good","candidate_labels":["a","b"]\#(options)}"#
            return try await service.post("/zero_shot", body)["scores"]?.numbers ?? []
        }
        let (single, multi) = (try await scores(""), try await scores(#","multi_label":true"#))
        #expect(single != multi)
        #expect(try await scores(#","multi_class":true"#) == multi)
        #expect(try await scores(#","parameters":{"multi_class":true}"#) == multi)
        #expect(try await scores(#","multi_class":false,"multi_label":true"#) == single)
    }

    @Test("zero-shot classification is listed for models with an entailment label, and for no others")
    func entailment() async throws {
        let folder = ModelFolder.fixture("bert-sentiment")
        let config = try String(contentsOfFile: folder + "/config.json", encoding: .utf8)
        for (label, isListed) in [("POSITIVE", false), ("Entailment", true), ("not_entailment", false)] {
            let file = config.replacing("POSITIVE", with: label)
            try await TestModels.with(modelOf: folder, ["config.json": file]) { service in
                let tasks = try await service.send("GET", "/info").json["tasks"]?.elements.compactMap(\.text) ?? []
                #expect(tasks.contains("zero-shot-classification") == isListed, "\(label)")
                #expect(tasks.contains("text-classification"))
                let paths = try await service.send("GET", "/openapi.json").json["paths"]
                #expect((paths?["/zero_shot"]?["post"] != nil) == isListed, "\(label)")
                // As in the pipeline, the last label stands for entailment where none is called so.
                let body = #"{"inputs":"good","candidate_labels":["a","b"]}"#
                #expect(try await service.send("POST", "/zero_shot", body).status == 200)
            }
        }
    }

    @Test("an error names the text or the label that is too long, not the row that was made of it")
    func tooLong() async throws {
        let word = Array(repeating: "good", count: 600).joined(separator: " ")
        let body = #"{"inputs":["a","b"],"candidate_labels":["c","d","\#(word)"]}"#
        let answer = try await TestService.bundled().send("POST", "/zero_shot", body)
        #expect(answer.status == 422 && answer.text.contains(#"label \"good good"#), "\(answer.text)")
        #expect(answer.text.contains("607 tokens") && !answer.text.contains("truncate"), "\(answer.text)")
        // Even uncut texts, however long, are not what is too long then.
        let both = #"{"inputs":"\#(word)","candidate_labels":["\#(word)"],"truncate":false}"#
        #expect(try await TestService.bundled().send("POST", "/zero_shot", both).text.contains("the label"))
        let long = #"{"inputs":["a","\#(word)"],"candidate_labels":["c","d"],"truncate":false}"#
        let second = try await TestService.bundled().send("POST", "/zero_shot", long)
        #expect(second.status == 422 && second.text.contains("input 1"), "\(second.text)")
    }

    @Test("texts that filling would make too many of are refused before they are computed")
    func limits() async throws {
        let limited = { (configuration: inout InferenceConfiguration) in configuration.maxTokenizedTokens = 20 }
        try await TestModels.with(modelOf: ModelFolder.fixture("mobilebert-mlm"), change: limited) { service in
            #expect(try await service.post("/fill_mask", #"{"inputs":"a [MASK]"}"#).elements.count == 5)
            let answer = try await service.send("POST", "/fill_mask", #"{"inputs":"a [MASK]","top_k":6}"#)
            #expect(answer.status == 422 && answer.text.contains("top_k"))
        }
    }

    @Test("more masks than are computed at once give the same as each text by itself")
    func manyMasks() async throws {
        try await TestModels.with(modelOf: ModelFolder.fixture("mobilebert-mlm")) { service in
            let long = Array(repeating: "[MASK]", count: 70).joined(separator: " ")
            let both = try await service.post("/fill_mask", #"{"inputs":["\#(long)","good [MASK]"],"top_k":1}"#)
                .elements
            try #require(both.count == 2)
            #expect(both[0].elements.count == 70)
            #expect(try await service.post("/fill_mask", #"{"inputs":"\#(long)","top_k":1}"#) == both[0])
            #expect(try await service.post("/fill_mask", #"{"inputs":"good [MASK]","top_k":1}"#) == both[1])
        }
    }

    @Test("requests to the root go to the task of the model's head, in the form of the Hub's client")
    func root() async throws {
        try await TestModels.with(modelOf: ModelFolder.fixture("mobilebert-pretraining")) { service in
            for (body, path) in [
                (#"{"inputs":"a [MASK]","parameters":{"top_k":2}}"#, "/fill_mask"),
                (#"{"inputs":"a [MASK]"}"#, "/fill-mask"), (#"{"inputs":[["a","b"]]}"#, "/next_sentence"),
                (#"{"inputs":"good"}"#, "/embed"),
                (#"{"inputs":{"source_sentence":"a","sentences":["b"]},"parameters":{}}"#, "/similarity"),
            ] {
                let expected = try await service.post(path, body)
                #expect(try await service.post("/", body) == expected, "\(body)")
            }
        }
        let service = try TestService.bundled()
        let labels = #"{"inputs":"good","parameters":{"candidate_labels":["a","b"],"multi_label":true}}"#
        let list = try await service.post("/", labels).elements
        let object = try await service.post("/zero_shot", labels)
        #expect(list.compactMap { $0["label"]?.text } == object["labels"]?.elements.compactMap(\.text))
        #expect(list.compactMap { $0["score"]?.double } == object["scores"]?.numbers)
        // huggingface_hub's client takes the list only, and before its version 1 the object only.
        for (agent, expected) in [
            ("unknown/None; hf_hub/2.4.0; python/3.11.2", JSONValue.array(list)), ("hf_hub/0.36.0", object),
        ] {
            let answer = try await service.send("POST", "/zero_shot", labels, fields: [.userAgent: agent])
            #expect(try answer.json == expected, "\(agent)")
        }
        let pair = #"{"inputs":{"text":"good","text_pair":"dull"},"parameters":{}}"#
        let classified = try await service.post("/classify", #"{"inputs":[["good","dull"]]}"#)
        #expect(try await service.post("/", pair) == classified)
    }
}
