import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("/token_classify")
struct TokenClassifyRouteTests {
    @Test(
        "gives the entities of transformers' pipeline: each strategy, ignored labels, words in pieces, windows, offsets"
    )
    func reference() async throws {
        try await SpanReferences.check(route: "token_classify")
    }

    @Test("a text gives a list and a list of texts one for each, also at the root for a model with the head")
    func forms() async throws {
        try await SpanReferences.with(model: "mobilebert-tokens") { service in
            let one = try await service.post("/token_classify", #"{"inputs":"the city"}"#)
            let two = try await service.post("/token-classification", #"{"inputs":["the city","the city"]}"#)
            #expect(two == .array([one, one]))
            let root = try await service.post("/", #"{"inputs":"the city","parameters":{}}"#)
            #expect(root == one)
        }
    }

    @Test("a long text is cut and says so, or refused; with a stride it is not cut")
    func length() async throws {
        try await SpanReferences.with(model: "mobilebert-tokens") { service in
            let text = String(repeating: "the city ", count: 100)
            func send(_ options: String) async throws -> TestService.Answer {
                try await service.send(
                    "POST",
                    "/token_classify",
                    #"{"inputs":"\#(text)","ignore_labels":[]\#(options)}"#
                )
            }
            let cut = try await send("")
            #expect(cut.fields[.truncatedInputs] == "1")
            #expect(try cut.json.elements.count == 94)
            #expect(try await send(#","truncate":false"#).status == 422)
            let divided = try await send(#","aggregation_strategy":"simple","stride":8"#)
            #expect(divided.fields[.truncatedInputs] == nil)
            #expect(try divided.json.elements.last?["end"]?.integer == text.count - 1)
        }
    }

    @Test("what is wrong with a request is said")
    func refusals() async throws {
        try await SpanReferences.with(model: "mobilebert-tokens") { service in
            for (body, status, word) in [
                (#"{}"#, 422, "inputs"),
                (#"{"inputs":[]}"#, 400, "inputs"),
                (#"{"inputs":[1]}"#, 422, "text"),
                (#"{"inputs":"a","aggregation_strategy":"best"}"#, 422, "average"),
                (#"{"inputs":"a","ignore_labels":[1]}"#, 422, "ignore_labels"),
                (#"{"inputs":"a","stride":4}"#, 422, "aggregation_strategy"),
                (#"{"inputs":"a","stride":-1,"aggregation_strategy":"max"}"#, 422, "stride"),
                (#"{"inputs":"a","stride":94,"aggregation_strategy":"max"}"#, 422, "less than 94"),
            ] as [(String, Int, String)] {
                let answer = try await service.send("POST", "/token_classify", body)
                #expect(answer.status == status && answer.text.contains(word), "\(body): \(answer.text)")
            }
        }
    }

    @Test("a model without the head says which one it has")
    func missingHead() async throws {
        try await SpanReferences.with(model: "mobilebert-qa") { service in
            let answer = try await service.send("POST", "/token_classify", #"{"inputs":"a"}"#)
            #expect(answer.status == 424 && answer.text.contains("question answering"), "\(answer.text)")
        }
    }
}
