import Testing
import Tokenization

@testable import Inference
@testable import Service

@Suite("Request fields")
struct RequestFieldsTests {
    private func fields(_ text: String) throws -> RequestFields { try RequestFields(Array(text.utf8)) }

    @Test(
        "`inputs` may be a text, texts, ids or lists of ids, mixed too",
        arguments: [
            (#"{"inputs":"a"}"#, [TextInput.text("a")]),
            (#"{"inputs":["a","b"]}"#, [.text("a"), .text("b")]),
            (#"{"inputs":[101,102]}"#, [.ids([101, 102])]),
            (#"{"inputs":[101.0,1.02e2]}"#, [.ids([101, 102])]),
            (#"{"inputs":[[101],[102,103]]}"#, [.ids([101]), .ids([102, 103])]),
            (#"{"inputs":["a",[101]]}"#, [.text("a"), .ids([101])]),
            (#"{"inputs":[[]]}"#, [.ids([])]),
        ]
    )
    func inputs(_ text: String, expected: [TextInput]) throws {
        #expect(try fields(text).inputs() == expected)
    }

    @Test("pairs are accepted only by routes that take pairs")
    func pairs() throws {
        let body = try fields(#"{"inputs":[["a","b"],["c"]]}"#)
        #expect(try body.inputs(pairs: true) == [.pair("a", "b"), .text("c")])
        #expect(throws: ServiceError.self) { try body.inputs() }
        let wrong = try fields(#"{"inputs":[["a",7]]}"#)
        let error = #expect(throws: ServiceError.self) { try wrong.inputs(pairs: true) }
        #expect(error?.message == "`inputs[0]` must be one or two texts. Given: a string, a number")
    }

    @Test(
        "a value of the wrong kind is a 422 that names the key and what was given",
        arguments: [
            (#"{}"#, "`inputs` is missing"), (#"{"inputs":null}"#, "`inputs` is missing"),
            (#"{"inputs":7}"#, "Given: 7"), (#"{"inputs":{}}"#, "Given: an object"),
            (#"{"inputs":["a",true]}"#, "`inputs[1]`"), (#"{"inputs":[1,"a"]}"#, "Given: a string"),
            (#"{"inputs":[1.5]}"#, "Given: 1.5"), (#"{"inputs":[99999999999]}"#, "Given: 99999999999"),
            (#"{"inputs":"a","truncate":"yes"}"#, "`truncate` must be true or false. Given: a string"),
            (#"{"inputs":"a","truncation_direction":"up"}"#, #"one of "right", "left". Given: "up""#),
            (#"{"inputs":"a","truncation_direction":7}"#, #"one of "right", "left". Given: 7"#),
            (#"{"inputs":"a","max_length":"5"}"#, "`max_length` must be an integer"),
        ]
    )
    func wrongKinds(_ text: String, message: String) throws {
        let error = #expect(throws: ServiceError.self) {
            let fields = try fields(text)
            _ = try fields.inputs()
            _ = try fields.inputOptions()
        }
        #expect(error?.status == 422)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("null counts as absent, unknown keys are ignored, directions are taken in any case")
    func tolerance() throws {
        let options = try fields(
            #"{"inputs":"a","truncate":null,"truncation_direction":"Left","top_n":3}"#
        ).inputOptions()
        #expect(options == InputOptions(truncate: nil, truncationDirection: .left))
    }

    @Test("`text_pair` goes with texts, one for each")
    func textPairs() throws {
        let one = try fields(#"{"inputs":"a","text_pair":"b"}"#)
        #expect(try one.joiningTextPair(to: one.inputs()) == [.pair("a", "b")])
        for wrong in [
            #"{"inputs":["a","b"],"text_pair":"c"}"#, #"{"inputs":[1],"text_pair":"c"}"#,
            #"{"inputs":"a","text_pair":[1]}"#, #"{"inputs":"a","text_pair":1}"#,
        ] {
            let body = try fields(wrong)
            #expect(throws: ServiceError.self) { try body.joiningTextPair(to: body.inputs()) }
        }
    }

    @Test("a body that is not JSON gets a 400 that says where")
    func notJSON() throws {
        let error = #expect(throws: (any Error).self) { try fields(#"{"inputs":"a",}"#) }
        let answer = ServiceError(try #require(error))
        #expect(answer.status == 400)
        #expect(answer.message.contains("line 1, column 15"))
    }
}
