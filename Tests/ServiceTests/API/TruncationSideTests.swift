import JSON
import TestSupport
import Testing

@testable import Service

@Suite("A model whose tokenizer_config.json says truncation_side left")
struct TruncationSideTests {
    /// Of 97 words with two special tokens, the fixture's 96 positions hold the last 94.
    private static let long = (["good", "bad", "dull"] + tail).joined(separator: " ")
    private static let tail = [String](repeating: "a", count: 60) + [String](repeating: "film", count: 34)

    /// Where a route takes a text (as TEXT in its body), and where its answer has the text's result.
    private struct Case: CustomStringConvertible {
        let path: String
        let body: String
        let keys: [String]

        var description: String { "\(path) \(body)" }
    }

    private static let cases = [
        Case(path: "/embed", body: #"{"inputs":"TEXT"}"#, keys: []),
        Case(path: "/embed_all", body: #"{"inputs":"TEXT"}"#, keys: []),
        Case(path: "/predict", body: #"{"inputs":"TEXT"}"#, keys: []),
        Case(path: "/rerank", body: #"{"query":"query","texts":["TEXT"]}"#, keys: []),
        Case(path: "/similarity", body: #"{"inputs":{"source_sentence":"good","sentences":["TEXT"]}}"#, keys: []),
        Case(path: "/v1/embeddings", body: #"{"input":"TEXT"}"#, keys: ["data"]),
        Case(path: "/v1/rerank", body: #"{"query":"query","documents":["TEXT"]}"#, keys: ["results"]),
        Case(path: "/v2/embed", body: #"{"texts":["TEXT"]}"#, keys: ["embeddings"]),
        Case(path: "/classify", body: #"{"input":["TEXT"]}"#, keys: ["data"]),
        Case(
            path: "/v2/models/MODEL/infer",
            body: #"{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["TEXT"]}]}"#,
            keys: ["outputs"]
        ),
    ]

    private func answer(_ service: TestService, _ route: Case, _ text: String) async throws -> JSONValue {
        let name = try await service.send("GET", "/info").json["model_id"]?.text ?? ""
        let path = route.path.replacing("MODEL", with: name)
        var answer = try await service.post(path, route.body.replacing("TEXT", with: text))
        for key in route.keys { answer = try #require(answer[key]) }
        return answer
    }

    @Test("cuts the beginning of long texts on every route, unless a request says otherwise")
    func routes() async throws {
        let settings = #"{"truncation_side":"left"}"#
        try await TestModels.with(modelOf: ModelFolder.regression, ["tokenizer_config.json": settings]) { service in
            #expect(try await service.send("GET", "/info").json["truncation_direction"]?.text == "left")
            for route in Self.cases where route.path != "/rerank" && route.path != "/v1/rerank" {
                let expected = try await answer(service, route, Self.tail.joined(separator: " "))
                #expect(try await answer(service, route, Self.long) == expected, "\(route)")
            }
            // The query takes two of the places of the text.
            for route in Self.cases where route.path == "/rerank" || route.path == "/v1/rerank" {
                let expected = try await answer(service, route, Self.tail.dropFirst(2).joined(separator: " "))
                #expect(try await answer(service, route, Self.long) == expected, "\(route)")
            }
            let tokens = try await service.post("/tokenize", #"{"inputs":"a b c","truncate":true,"max_length":4}"#)
            #expect(tokens.elements.first?.elements.map { $0["text"]?.text } == ["[CLS]", "b", "c", "[SEP]"])
            for (cut, direction) in [("END", "right"), ("START", "left")] {
                let body = #"{"inputs":"\#(Self.long)","truncation_direction":"\#(direction)"}"#
                let expected = try await service.post("/embed", body)
                let given = try await service.post(
                    "/v1/embed",
                    #"{"texts":["\#(Self.long)"],"truncate":"\#(cut)"}"#
                )
                #expect(given["embeddings"] == expected)
            }
        }
    }
}
