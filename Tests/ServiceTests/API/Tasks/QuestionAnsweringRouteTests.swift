import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("/question_answering")
struct QuestionAnsweringRouteTests {
    @Test(
        "gives the answers of transformers' pipeline: windows, words, sums of equal answers, no answer, scores, offsets"
    )
    func reference() async throws {
        try await SpanReferences.check(route: "question_answering")
    }

    @Test("takes the requests of the Hub's client and of the pipeline, and answers one or many as they were given")
    func forms() async throws {
        try await SpanReferences.with(model: "mobilebert-qa") { service in
            let one = #"{"question":"Who won?","context":"The city won."}"#
            let answer = try await service.post("/question_answering", #"{"inputs":\#(one),"parameters":{}}"#)
            #expect(answer["answer"]?.text?.isEmpty == false)
            for path in ["/", "/question-answering"] {
                let same = try await service.post(path, #"{"inputs":\#(one),"parameters":{"top_k":1}}"#)
                #expect(same == answer)
            }
            let beside = try await service.post("/question_answering", one)
            #expect(beside == answer)
            let batch = try await service.post("/question_answering", #"{"inputs":[\#(one)]}"#)
            #expect(batch == .array([answer]))
            let questions = #"{"question":["Who won?","Who won?"],"context":"The city won."}"#
            let list = try await service.post("/question_answering", questions)
            #expect(list == .array([answer, answer]))
            let only = #"{"question":"Who?","context":"city","top_k":3}"#
            let several = try await service.post("/question_answering", only)
            #expect(several.elements.count == 1, "a list where more than one is asked for, also of one")
        }
    }

    @Test("a context of any length is answered, and its offsets count scalars of all of it")
    func length() async throws {
        try await SpanReferences.with(model: "mobilebert-qa") { service in
            let context = String(repeating: "é😀 the city; ", count: 300) + "Zoë"
            let body = #"{"question":"Who won?","context":"\#(context)","top_k":20,"doc_stride":5}"#
            let answer = try await service.send("POST", "/question_answering", body)
            #expect(answer.status == 200)
            let tokens = try #require(Int(answer.fields[.computeTokens] ?? ""))
            #expect(tokens > 4 * 300, "\(tokens)")
            let scalars = Array(context.unicodeScalars)
            for element in try answer.json.elements {
                let (start, end) = (element["start"]?.integer ?? -1, element["end"]?.integer ?? -1)
                let part = String(String.UnicodeScalarView(scalars[start..<end]))
                #expect(Array(part.utf8) == Array((element["answer"]?.text ?? "").utf8))
            }
        }
    }

    @Test("what is wrong with a request is said")
    func refusals() async throws {
        try await SpanReferences.with(model: "mobilebert-qa") { service in
            for (body, status, word) in [
                (#"{}"#, 422, "inputs"),
                (#"{"inputs":[]}"#, 400, "inputs"),
                (#"{"inputs":"text"}"#, 422, "objects"),
                (#"{"inputs":{"question":"a"}}"#, 422, "context"),
                (#"{"inputs":{"question":"","context":"a"}}"#, 422, "question"),
                (#"{"inputs":[{"question":"a","context":"a"},{"question":"a","context":""}]}"#, 422, "input 1"),
                (#"{"question":["a","b"],"context":["c","d","e"]}"#, 422, "3 for 2"),
                (#"{"question":"a","context":"b","top_k":0}"#, 422, "top_k"),
                (#"{"question":"a","context":"b","top_k":101}"#, 422, "100"),
                (#"{"question":"a","context":"b","max_answer_len":0}"#, 422, "max_answer_len"),
                (#"{"question":"a","context":"b","doc_stride":-1}"#, 422, "doc_stride"),
                (
                    #"{"question":"a","context":"\#(String(repeating: "b ", count: 17))","max_seq_len":20,"#
                        + #""doc_stride":16}"#, 422, "less than 16"
                ),
                (#"{"question":"a","context":"b","max_seq_len":20,"doc_stride":16}"#, 200, "answer"),
                (#"{"question":"a a a","context":"b","max_seq_len":6}"#, 422, "max_seq_len"),
            ] as [(String, Int, String)] {
                let answer = try await service.send("POST", "/question_answering", body)
                #expect(answer.status == status && answer.text.contains(word), "\(body): \(answer.text)")
            }
        }
    }

    @Test("more windows than a request may have are refused before any is computed")
    func windows() async throws {
        try await SpanReferences.with(model: "mobilebert-qa") { service in
            let context = String(repeating: "a ", count: InferenceService.maxWindows + 200)
            let body = #"{"question":"a","context":"\#(context)","doc_stride":91}"#
            let answer = try await service.send("POST", "/question_answering", body)
            #expect(answer.status == 422 && answer.text.contains("\(InferenceService.maxWindows)"), "\(answer.text)")
        }
    }

    @Test("a model without the head says which one it has")
    func missingHead() async throws {
        let service = try TestService.bundled()
        let answer = try await service.send("POST", "/question_answering", #"{"question":"a","context":"b"}"#)
        #expect(answer.status == 424 && answer.text.contains("sequence classification"), "\(answer.text)")
        #expect(try answer.json["error_type"]?.text == "Backend")
    }
}
